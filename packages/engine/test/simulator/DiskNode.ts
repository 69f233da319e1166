/** What the names of the simulated disk lead to. */

/** Which ends of a FIFO are held, and what is in it. */
export class Pipe {
  readers = 0
  writers = 0
  bytes: Array<number> = []
  readonly hungUp = new Set<() => void>()
}

/** What there is. */
export type Kind = "file" | "folder" | "fifo"

/** Hears that something changes, by its name in a watched folder. */
export type Watcher = (kind: "change" | "rename", name: string | null) => void

/** What a name leads to. */
export class DiskNode {
  readonly kind: Kind
  readonly ino: number
  readonly birthMs: number
  mtimeMs: number
  mode: number
  data = Buffer.alloc(0)
  readonly entries = new Map<string, DiskNode>()
  readonly pipe: Pipe | null
  readonly watchers = new Set<Watcher>()
  /** Where it was made: who watches that folder hears of it. */
  folder: DiskNode | null = null
  /** How many names it has. */
  links = 0
  name = ""

  constructor(kind: Kind, ino: number, nowMs: number, mode: number) {
    this.kind = kind
    this.ino = ino
    this.birthMs = nowMs
    this.mtimeMs = nowMs
    this.mode = mode
    this.pipe = kind === "fifo" ? new Pipe() : null
  }
}
