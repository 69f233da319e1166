// A scratch attempt folder, and a real process that writes its files on command.
import { appendFileSync, closeSync, mkdtempSync, openSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { watchOutput, watchOutputLater } from "../../src/output/Growth.ts"
import type { OutputWatch, WatchOptions } from "../../src/output/Growth.ts"
import type { Sample } from "../../src/output/OutputTimestamps.ts"
import { outputPath } from "../../src/output/OutputStream.ts"
import type { OutputStream } from "../../src/output/OutputStream.ts"

/** An attempt folder. It is removed at the end of the test, with everything started in it. */
export class AttemptRig implements Disposable {
  readonly dir: string
  readonly #watches: OutputWatch[] = []
  readonly #writers: Bun.Subprocess[] = []

  constructor() {
    this.dir = mkdtempSync(join(tmpdir(), "backbeat-output-"))
    writeFileSync(outputPath(this.dir, "stdout"), "")
    writeFileSync(outputPath(this.dir, "stderr"), "")
  }

  append(stream: OutputStream, content: string | Uint8Array): void {
    appendFileSync(outputPath(this.dir, stream), content)
  }

  watch(options: Partial<WatchOptions> = {}): OutputWatch {
    const watching = watchOutput(this.dir, { onGrowth: () => {}, ...options })
    this.#watches.push(watching)
    return watching
  }

  watchLater(options: Parameters<typeof watchOutputLater>[1]): OutputWatch {
    const watching = watchOutputLater(this.dir, options)
    this.#watches.push(watching)
    return watching
  }

  /** Appends to both streams, each as one sample, so that the order of arrival is known. */
  arrive(watching: OutputWatch, stream: OutputStream, content: string | Uint8Array): void {
    this.append(stream, content)
    watching.sampleNow()
  }

  /** A shell whose output goes to the files like a task's. It runs each line that it is sent. */
  writer(): {
    readonly tell: (line: string) => void
    readonly done: () => Promise<number>
    readonly pid: number
  } {
    const stdout = openSync(outputPath(this.dir, "stdout"), "a")
    const stderr = openSync(outputPath(this.dir, "stderr"), "a")
    const child = Bun.spawn(["sh", "-c", 'while IFS= read -r line; do eval "$line"; done'], {
      stdin: "pipe",
      stdout,
      stderr
    })
    closeSync(stdout)
    closeSync(stderr)
    this.#writers.push(child)
    return {
      pid: child.pid,
      tell: (line) => {
        child.stdin.write(`${line}\n`)
        void child.stdin.flush()
      },
      done: () => {
        void child.stdin.end()
        return child.exited
      }
    }
  }

  [Symbol.dispose](): void {
    for (const watching of this.#watches) watching.close()
    for (const writer of this.#writers) writer.kill("SIGKILL")
    rmSync(this.dir, { recursive: true, force: true })
  }
}

/** Waits for growth that satisfies `reached`; it may already have happened. */
export function grown(
  watching: OutputWatch,
  reached: (sample: Sample) => boolean
): Promise<Sample> {
  return new Promise((resolve) => {
    if (reached(watching.last)) return resolve(watching.last)
    const unsubscribe = watching.subscribe((sample) => {
      if (!reached(sample)) return
      unsubscribe()
      resolve(sample)
    })
  })
}
