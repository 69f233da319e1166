/** A disk without room for another byte: new files can be made, but not filled. It needs the right to mount. */
import { closeSync, mkdirSync, openSync, rmSync, writeSync } from "node:fs"
import { join } from "node:path"

export class FullDisk implements AsyncDisposable {
  readonly point: string
  readonly #filler: string

  constructor(folder: string) {
    this.point = join(folder, "disk")
    this.#filler = join(this.point, "filler")
    mkdirSync(this.point)
    const mounted = Bun.spawnSync(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", this.point])
    if (!mounted.success) throw new Error(`no disk could be mounted: ${mounted.stderr.toString()}`)
    this.fill()
  }

  fill(): void {
    const file = openSync(this.#filler, "w")
    const block = new Uint8Array(4096)
    try {
      while (writeSync(file, block) === block.length);
    } catch {
      // The space has ended.
    } finally {
      closeSync(file)
    }
  }

  free(): void {
    rmSync(this.#filler)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // Lazily: what was started there may be ending.
    await Bun.spawn(["umount", "-l", this.point]).exited
  }
}
