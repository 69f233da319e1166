// Reports growth of an attempt's files: one inotify event, then one sample per interval while
// output comes, and no timer while none does. The engine does not touch the output itself.
import { watch } from "../system/files.ts"
import { ofProcess } from "../system/ofProcess.ts"
import { callAfter, wallNow } from "../system/time.ts"
import type { FileWatch } from "../system/files.ts"
import { appendSample, timestampsBytes, lastSample } from "./OutputTimestamps.ts"
import type { Sample } from "./OutputTimestamps.ts"
import { readDropped, writeDropped } from "./DroppedRecord.ts"
import { outputPath } from "./OutputStream.ts"
import type { OutputStream } from "./OutputStream.ts"
import { pollOccasionally } from "../alarm/pollOccasionally.ts"
import { statIfThere } from "../process/statIfThere.ts"

const intervalMs = 50
const hurriedIntervalMs = 5
/** An attempt that has ended by then is never watched, unless a caller waits for its output. */
const startDelayMs = 50
/** The delay before an action is retried that failed because a resource was exhausted. */
const retryAfterMs = 250
// A sample costs about 50 us. Above a hundred tasks with output the interval grows, so that samples
// use about a tenth of a core.
const intervalPerFlowingMs = 0.5
const flowing = ofProcess(() => ({ count: 0 }))

/** The callback for growth, and the clock for the times of samples (ms since the epoch). */
export interface WatchOptions {
  readonly onGrowth: (sample: Sample) => void
  readonly now?: () => number
}

/**
 * Watches the two files of this attempt until it is closed. Reports earlier output as the first
 * growth, also output from when no engine ran.
 */
export function watchOutput(dir: string, options: WatchOptions): OutputWatch {
  const watching = new OutputWatch(dir, options)
  watching.begin()
  return watching
}

/**
 * Watches from a later time on, or when a caller subscribes: most attempts have ended by then.
 * Growth above `boundBytes` is reported in any case.
 */
export function watchOutputLater(
  dir: string,
  options: WatchOptions & { readonly boundBytes: number }
): OutputWatch {
  const watching = new OutputWatch(dir, options)
  watching.beginLater(options.boundBytes)
  return watching
}

/** The watch on one attempt's output. */
export class OutputWatch {
  readonly #dir: string
  readonly #now: () => number
  #listeners: readonly ((sample: Sample) => void)[] = []
  #last: Sample = { at: 0, stdoutBytes: 0, stderrBytes: 0 }
  #indexBytes = 0
  #hasBegun = false
  #boundBytes = 0
  #cancelBegin: (() => void) | undefined
  #cancelAgain: (() => void) | undefined
  #watchers: readonly FileWatch[] | undefined
  #cancelTimer: (() => void) | undefined
  #hurriedCount = 0
  #stopPolling: (() => void) | undefined
  #closed = false

  constructor(dir: string, { now = wallNow, onGrowth }: WatchOptions) {
    this.#dir = dir
    this.#now = now
    this.#listeners = [onGrowth]
  }

  /**
   * True if the system rejects the watch (inotify limit). Then it polls until the system accepts
   * one.
   */
  get degraded(): boolean {
    return this.#stopPolling !== undefined
  }

  /** The newest sample. */
  get last(): Sample {
    this.begin()
    return this.#last
  }

  /** Starts to watch, if it has not started yet. */
  begin(): void {
    if (this.#hasBegun || this.#closed) return
    this.#load()
    this.#persistently(() => {
      // Existing output was written some time ago: the time of the file is more accurate than now.
      this.#sample(this.#writtenAt())
      this.#rest()
    })
  }

  /** Starts to watch after a delay; `watchOutputLater` calls it. */
  beginLater(boundBytes: number): void {
    this.#boundBytes = boundBytes
    this.#cancelBegin = callAfter(startDelayMs, () => this.#persistently(() => this.begin()))
  }

  /** Calls this listener at each growth until the returned function is called. */
  subscribe(listener: (sample: Sample) => void): () => void {
    this.begin()
    const own = (sample: Sample): void => listener(sample)
    this.#listeners = [...this.#listeners, own]
    return () => {
      this.#listeners = this.#listeners.filter((listening) => listening !== own)
    }
  }

  /**
   * Shortens the interval from 50 ms to 5 ms, because a caller waits for a line, until the returned
   * function is called.
   */
  hurry(): () => void {
    this.begin()
    let held = true
    this.#hurriedCount++
    if (this.#hurriedCount === 1 && this.#cancelTimer !== undefined) this.#pace()
    return () => {
      if (held) this.#hurriedCount--
      held = false
    }
  }

  /** Takes a sample at once, reports growth, and returns the newest sample. */
  sampleNow(): Sample {
    if (this.#closed) return this.#last
    this.begin()
    this.#sample(this.#now())
    if (this.degraded) this.#rest()
    return this.#last
  }

  /** Takes the last sample and stops watching. */
  close(): void {
    if (this.#closed) return
    // The limit also holds for short attempts. Nobody waited for the rest of their output.
    if (!this.#hasBegun && this.#exceedsBound()) this.#load()
    this.#cancelBegin?.()
    if (this.#hasBegun) this.#lastSample()
    this.#closed = true
    this.#cancelAgain?.()
    this.#disarm()
    this.#stopPolling?.()
    this.#stopPolling = undefined
    this.#stopTimer()
    this.#listeners = []
  }

  #load(): void {
    this.#last = lastSample(this.#dir) ?? this.#last
    this.#indexBytes = timestampsBytes(this.#dir)
    this.#hasBegun = true
    this.#cancelBegin?.()
  }

  /**
   * Retries later: an event or timer comes only once, and nobody catches its errors, such as a
   * missing descriptor or a full disk.
   */
  #persistently(act: () => void): void {
    if (this.#closed) return
    try {
      act()
    } catch {
      this.#cancelAgain?.()
      this.#cancelAgain = callAfter(retryAfterMs, () => this.#persistently(act))
    }
  }

  /** Errors are ignored: the watch ends without the sample too. */
  #lastSample(): void {
    try {
      this.#sample(this.#now())
    } catch {
      // See above.
    }
  }

  #exceedsBound(): boolean {
    return (["stdout", "stderr"] as const).some(
      (stream) => (statIfThere(outputPath(this.#dir, stream))?.size ?? 0) > this.#boundBytes
    )
  }

  #pace(): void {
    this.#stopTimer()
    flowing().count++
    const ms =
      this.#hurriedCount > 0
        ? hurriedIntervalMs
        : Math.max(intervalMs, flowing().count * intervalPerFlowingMs)
    this.#cancelTimer = callAfter(ms, () => {
      this.#stopTimer()
      this.#persistently(() => {
        if (this.#sample(this.#now())) this.#pace()
        else this.#rest()
      })
    })
  }

  #stopTimer(): void {
    if (this.#cancelTimer === undefined) return
    flowing().count--
    this.#cancelTimer()
    this.#cancelTimer = undefined
  }

  /** Sets the watch and then samples again: changes before the watch have no event. */
  #rest(): void {
    if (this.#closed) return
    this.#arm()
    if (!this.degraded && this.#sample(this.#now())) this.#wake()
  }

  #wake(): void {
    if (this.#closed) return
    this.#disarm()
    this.#pace()
  }

  #arm(): void {
    this.#disarm()
    const armed: FileWatch[] = []
    this.#watchers = armed
    try {
      for (const path of watchedPaths(this.#dir))
        armed.push(watch(path, { persistent: true }, this.#onEvent).on("error", this.#onRefused))
      this.#stopPolling?.()
      this.#stopPolling = undefined
    } catch {
      this.#onRefused()
    }
  }

  readonly #onEvent = (_kind: string, name: string | null): void => {
    if (this.#watchers === undefined || !isOutput(name)) return
    this.#persistently(() => {
      this.#sample(this.#now())
      this.#wake()
    })
  }

  readonly #onRefused = (): void => {
    this.#disarm()
    this.#stopPolling ??= pollOccasionally(() => this.#persistently(() => void this.sampleNow()))
  }

  #disarm(): void {
    const watchers = this.#watchers
    this.#watchers = undefined
    if (watchers !== undefined) for (const watcher of watchers) watcher.close()
  }

  #sample(at: number): boolean {
    if (this.#closed) return false
    const record = readDropped(this.#dir)
    const stdoutBytes = this.#lengthOf("stdout", record.stdout.shift)
    const stderrBytes = this.#lengthOf("stderr", record.stderr.shift)
    if (stdoutBytes <= this.#last.stdoutBytes && stderrBytes <= this.#last.stderrBytes) return false
    // Times in the index never go back, even if the wall clock does.
    const sample = { at: Math.max(at, this.#last.at), stdoutBytes, stderrBytes }
    this.#last = sample
    this.#indexBytes = appendSample(this.#dir, sample, this.#indexBytes)
    for (const listener of this.#listeners) listener(sample)
    return true
  }

  #lengthOf(stream: OutputStream, shift: number): number {
    const known = stream === "stdout" ? this.#last.stdoutBytes : this.#last.stderrBytes
    const size = statIfThere(outputPath(this.#dir, stream))?.size
    if (size === undefined) return known
    if (size + shift >= known) return size + shift
    // Another program emptied the file: its new content follows the old one.
    writeDropped(this.#dir, {
      ...readDropped(this.#dir),
      [stream]: { keptFrom: known, shift: known }
    })
    return known + size
  }

  #writtenAt(): number {
    const times = [this.#now()]
    for (const stream of ["stdout", "stderr"] as const) {
      const stat = statIfThere(outputPath(this.#dir, stream))
      if (stat !== undefined && stat.size > 0) times.push(Math.floor(stat.mtimeMs))
    }
    return times.length === 1 ? this.#now() : Math.min(this.#now(), Math.max(...times.slice(1)))
  }
}

// On Linux one watch on the folder costs half as much as two on the files. Elsewhere folder events
// may come late.
function watchedPaths(dir: string): readonly string[] {
  return process.platform === "linux"
    ? [dir]
    : [outputPath(dir, "stdout"), outputPath(dir, "stderr")]
}

function isOutput(name: string | null): boolean {
  return name === null || name === "stdout.log" || name === "stderr.log"
}
