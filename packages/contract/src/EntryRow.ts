/** The columns of an operation that are known without loading its schemas. */

/** What the thin entry and the socket know of an operation without its schemas: printed into `printedRows.ts`. */
export interface EntryRow {
  /** Whether the call brings the caller's environment. */
  readonly environment?: boolean
  /**
   * Whether a call starts an engine where none runs (the default), only uses one that runs, prefers one but starts it only in a home that
   * exists, or is answered from the table alone.
   */
  readonly engine?: "starts" | "uses" | "prefers" | "none"
  /** Whether the engine exits after the answer. */
  readonly endsEngine?: boolean
  /** What the CLI asks a person at a terminal who gives no payload. */
  readonly asks?: "agent"
  /** What a bare word after the operation stands for, such as `status demo`. */
  readonly positional: string | null
  /** What two bare words stand for, such as `config set defaultAgent claude`. */
  readonly words?: readonly [string, string]
  /** Whether the bare word is the name of an operation, which may have two words. */
  readonly namesOperation?: boolean
  /** The operation that a call without a payload stands for. */
  readonly bare?: string
  /** Where a broken stream continues: after a sequence of the history, or after the cursor of a line. It cannot without this. */
  readonly resume?: "sequence" | "cursor"
}
