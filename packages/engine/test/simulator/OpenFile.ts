/** What descriptors lead to. */
import type { DiskNode } from "./DiskNode.ts"

/** One opening of a file, shared by the descriptors that were copied from each other. */
export class OpenFile {
  readonly node: DiskNode
  readonly path: string
  readonly reads: boolean
  readonly writes: boolean
  readonly appends: boolean
  position = 0
  #holders = 0

  constructor(
    node: DiskNode,
    path: string,
    { reads, writes, appends }: { reads: boolean; writes: boolean; appends: boolean }
  ) {
    this.node = node
    this.path = path
    this.reads = reads
    this.writes = writes
    this.appends = appends
  }

  /** Another descriptor leads to it. */
  share(): this {
    this.#holders++
    const { pipe } = this.node
    if (this.#holders === 1 && pipe !== null) {
      if (this.reads) pipe.readers++
      if (this.writes) pipe.writers++
    }
    return this
  }

  /** A descriptor is closed. */
  release(): void {
    this.#holders--
    const { pipe } = this.node
    if (this.#holders !== 0 || pipe === null) return
    if (this.reads) pipe.readers--
    if (this.writes) pipe.writers--
    if (this.writes && pipe.writers === 0) for (const tell of pipe.hungUp) tell()
  }
}
