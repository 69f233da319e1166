// Notifications that an attempt's files grew. One inotify event, then one sample per interval while output flows, and no
// timer at all while none does; the engine touches no byte of the output.
import { watch } from "../system/files.ts"
import { ofProcess } from "../system/ofProcess.ts"
import { callAfter, wallNow } from "../system/time.ts"
import type { FileWatch } from "../system/files.ts"
import { appendArrival, arrivalsBytes, lastArrival } from "./Arrivals.ts"
import type { Sample } from "./Arrivals.ts"
import { readDropped, writeDropped } from "./DroppedRecord.ts"
import { outputPath } from "./OutputStream.ts"
import type { OutputStream } from "./OutputStream.ts"
import { pollOccasionally } from "../alarm/pollOccasionally.ts"
import { statIfThere } from "../process/statIfThere.ts"

const intervalMs = 50
const hurriedIntervalMs = 5
/** An attempt that is over by then is never watched, unless somebody waits for what it prints. */
const beginsAfterMs = 50
/** When something is done again that the system was short of something for. */
const againAfterMs = 250
// A sample costs about 50 us: past a hundred chatty tasks the interval grows, so that samples stay near a tenth of a core.
const intervalPerFlowingMs = 0.5
const flowing = ofProcess(() => ({ count: 0 }))

/** What `watchOutput` needs: who is told of growth, and the clock that stamps samples (ms since the epoch). */
export interface WatchOptions {
  readonly onGrowth: (sample: Sample) => void
  readonly now?: () => number
}

/** Watches the two files in this attempt folder until closed. What was written before, also while no engine ran, is the first growth told. */
export function watchOutput(dir: string, options: WatchOptions): OutputWatch {
  const watching = new OutputWatch(dir, options)
  watching.begin()
  return watching
}

/** The same, from some time on, or from when somebody wants to hear of growth: most attempts have ended by then. What grew larger than `boundBytes` is told of in any case. */
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
  #lookNoMore: (() => void) | undefined
  #closed = false

  constructor(dir: string, { now = wallNow, onGrowth }: WatchOptions) {
    this.#dir = dir
    this.#now = now
    this.#listeners = [onGrowth]
  }

  /** True when the system refused the watch (inotify limit): growth is then looked for now and then, until the system grants one. */
  get degraded(): boolean {
    return this.#lookNoMore !== undefined
  }

  /** The newest sample. */
  get last(): Sample {
    this.begin()
    return this.#last
  }

  /** Begins to watch, if it has not yet. */
  begin(): void {
    if (this.#hasBegun || this.#closed) return
    this.#load()
    this.#persistently(() => {
      // What is there already was written some time before: the files' own time is nearer than now.
      this.#sample(this.#writtenAt())
      this.#rest()
    })
  }

  /** Begins to watch after a while; `watchOutputLater` has called it. */
  beginLater(boundBytes: number): void {
    this.#boundBytes = boundBytes
    this.#cancelBegin = callAfter(beginsAfterMs, () => this.#persistently(() => this.begin()))
  }

  /** Tells this listener of each growth until the returned function is called. */
  subscribe(listener: (sample: Sample) => void): () => void {
    this.begin()
    const own = (sample: Sample): void => listener(sample)
    this.#listeners = [...this.#listeners, own]
    return () => {
      this.#listeners = this.#listeners.filter((listening) => listening !== own)
    }
  }

  /** Shortens the interval from 50 ms to 5 ms, as somebody waits for a line, until the returned function is called. */
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

  /** Looks at the files at once, tells of growth if there was any, and gives the newest sample. */
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
    // The bound holds for short attempts too. Whatever else is in their files nobody has waited for.
    if (!this.#hasBegun && this.#exceedsBound()) this.#load()
    this.#cancelBegin?.()
    if (this.#hasBegun) this.#lastSample()
    this.#closed = true
    this.#cancelAgain?.()
    this.#disarm()
    this.#lookNoMore?.()
    this.#lookNoMore = undefined
    this.#stopTimer()
    this.#listeners = []
  }

  #load(): void {
    this.#last = lastArrival(this.#dir) ?? this.#last
    this.#indexBytes = arrivalsBytes(this.#dir)
    this.#hasBegun = true
    this.#cancelBegin?.()
  }

  /** An event or a timer comes once, and nobody catches what it throws: what fails for want of a descriptor or of room is done again a moment later. */
  #persistently(act: () => void): void {
    if (this.#closed) return
    try {
      act()
    } catch {
      this.#cancelAgain?.()
      this.#cancelAgain = callAfter(againAfterMs, () => this.#persistently(act))
    }
  }

  /** It is a hint: without it the watch ends all the same. */
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

  /** Arms the watch, and then looks once more: what came between the last look and the watch has no event. */
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
      this.#lookNoMore?.()
      this.#lookNoMore = undefined
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
    this.#lookNoMore ??= pollOccasionally(() => this.#persistently(() => void this.sampleNow()))
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
    // Times in the index never go back, whatever the wall clock does.
    const sample = { at: Math.max(at, this.#last.at), stdoutBytes, stderrBytes }
    this.#last = sample
    this.#indexBytes = appendArrival(this.#dir, sample, this.#indexBytes)
    for (const listener of this.#listeners) listener(sample)
    return true
  }

  #lengthOf(stream: OutputStream, shift: number): number {
    const known = stream === "stdout" ? this.#last.stdoutBytes : this.#last.stderrBytes
    const size = statIfThere(outputPath(this.#dir, stream))?.size
    if (size === undefined) return known
    if (size + shift >= known) return size + shift
    // Somebody else emptied the file: what it has now follows what it had.
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

// On Linux one watch on the folder is half the price of two on the files; elsewhere folder events may come late.
function watchedPaths(dir: string): readonly string[] {
  return process.platform === "linux"
    ? [dir]
    : [outputPath(dir, "stdout"), outputPath(dir, "stderr")]
}

function isOutput(name: string | null): boolean {
  return name === null || name === "stdout.log" || name === "stderr.log"
}
