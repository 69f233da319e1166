/** The columns of an operation that are known without its schemas. */

/**
 * What the thin entry and the socket know of an operation. `bun run docs` prints it into
 * `printedRows.ts`.
 */
export interface EntryRow {
  /** Whether the call sends the caller's environment. */
  readonly environment?: boolean
  /**
   * Whether a call starts an engine if none runs (the default), only uses a running one, prefers
   * one but starts it only in an existing home, is answered from the table alone, or is done by
   * the program itself, for its user.
   */
  readonly engine?: "starts" | "uses" | "prefers" | "none" | "here"
  /** Whether the engine exits after the answer. */
  readonly endsEngine?: boolean
  /** What the CLI asks a person at a terminal who gives no payload. */
  readonly asks?: "agent"
  /** The field that a plain word after the operation sets, as in `status demo`. */
  readonly positional: string | null
  /** The fields that two plain words set, as in `config set defaultAgent claude`. */
  readonly words?: readonly [string, string]
  /** Whether the plain word is the name of an operation, which may have two words. */
  readonly namesOperation?: boolean
  /** The operation that a call without a payload means. */
  readonly bare?: string
  /**
   * Where a broken stream continues: after a sequence of the history, or after the cursor of a
   * line. Absent: it cannot continue.
   */
  readonly resume?: "sequence" | "cursor"
}
