/** What the command of an attempt does: plain values, so that a history can be printed and shrunk. */

/** A process that the command leaves behind. */
export interface Leftover {
  /** How long it lives; null is for ever. */
  readonly lastsMs: number | null
  readonly ignoresTerm: boolean
  /** Whether it keeps descriptor 3, by which its attempt is known to live. */
  readonly keepsAlive: boolean
  /** Whether it leads a session of its own. */
  readonly leads: boolean
}

/** One run of a command. */
export interface Behaviour {
  /** How long it takes; null is for ever. */
  readonly lastsMs: number | null
  readonly exitCode: number
  /** What it does when it is asked to end: dies, goes on, or exits with 1 after so many milliseconds. */
  readonly onTerm: "dies" | "goesOn" | number
  readonly leaves: ReadonlyArray<Leftover>
  /** When it writes a line. */
  readonly writesAtMs: ReadonlyArray<number>
}
