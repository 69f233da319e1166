/** A small file system of its own, which a test fills and frees. Mounting it takes the right to mount. */
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  rmSync,
  statSync,
  truncateSync,
  writeSync
} from "node:fs"
import { join } from "node:path"

const fill = (path: string): void => {
  const file = openSync(path, "w")
  try {
    // Large blocks take the most of it, and small ones the rest.
    for (const block of [new Uint8Array(1_048_576), new Uint8Array(4096)]) {
      try {
        while (writeSync(file, block) === block.length);
      } catch {
        // The space for such a block has ended.
      }
    }
  } finally {
    closeSync(file)
  }
}

/** A disk of this size. `refusal` says why it could not be mounted; empty when it was. */
export class SmallDisk {
  readonly point = join("/tmp", `backbeat-disk-${process.pid}-${Date.now()}`)
  readonly refusal: string
  readonly #filler = join(this.point, "filler")

  constructor(size: string) {
    mkdirSync(this.point)
    this.refusal = Bun.spawnSync([
      "mount",
      "-t",
      "tmpfs",
      "-o",
      `size=${size}`,
      "tmpfs",
      this.point
    ]).stderr.toString()
  }

  /** Fills it, once the engine of the home has kept what it keeps of it. */
  async fillUp(home: string): Promise<void> {
    while (!existsSync(join(home, "backbeat.db-reserve"))) await Bun.sleep(1)
    this.fill()
  }

  fill(): void {
    fill(this.#filler)
  }

  free(): void {
    rmSync(this.#filler, { force: true })
  }

  /** Gives so many bytes back. */
  freeSome(bytes: number): void {
    truncateSync(this.#filler, statSync(this.#filler).size - bytes)
  }

  [Symbol.dispose](): void {
    Bun.spawnSync(["umount", "-l", this.point])
    rmSync(this.point, { recursive: true, force: true })
  }
}
