/**
 * Tracks which output lines were printed among events. A resumed stream sends all lines again,
 * maybe in another order: each of the two outputs is in order, but not relative to the other.
 */

/** A position in the output of a task, from the cursor of a line: byte offsets of an attempt. */
interface Place {
  readonly attempt: number
  readonly stdout: number
  readonly stderr: number
}

const lineMark = '{"type":"task.log.line","taskId":"'

/** The task of a line frame; null for any other frame. */
const taskOf = (frame: string): string | null =>
  frame.startsWith(lineMark)
    ? frame.slice(lineMark.length, frame.indexOf('"', lineMark.length))
    : null

// A quote in the text of a line is escaped, so neither of these can be part of it.
const placeShape = /"cursor":"c(\d+)-(\d+)-(\d+)"\}\}$/u
const streamOf = (frame: string): "stdout" | "stderr" =>
  frame.includes('"data":{"stream":"stderr"') ? "stderr" : "stdout"

const placeOf = (frame: string): Place => {
  const [, attempt, stdout, stderr] = placeShape.exec(frame) ?? []
  return { attempt: Number(attempt), stdout: Number(stdout), stderr: Number(stderr) }
}

const further = (one: Place, other: Place): Place => {
  if (one.attempt !== other.attempt) return one.attempt > other.attempt ? one : other
  return {
    attempt: one.attempt,
    stdout: Math.max(one.stdout, other.stdout),
    stderr: Math.max(one.stderr, other.stderr)
  }
}

/** Remembers the printed lines of one stream, across engines. */
export class PrintedLines {
  readonly #passed = new Map<string, Place>()
  readonly #last = new Map<string, string>()

  /** Remembers printed frames. Parses only the last line of each task, and only when needed. */
  note(frames: ReadonlyArray<string>): void {
    for (const frame of frames) {
      const task = taskOf(frame)
      if (task !== null) this.#last.set(task, frame)
    }
  }

  /** Continues with another engine: everything printed so far is skipped. */
  turn(): void {
    for (const [task, frame] of this.#last) {
      const place = placeOf(frame)
      this.#passed.set(task, further(place, this.#passed.get(task) ?? place))
    }
    this.#last.clear()
  }

  /** Whether a frame is a line that was printed before. */
  isPassed(frame: string): boolean {
    const task = taskOf(frame)
    const passed = task === null ? undefined : this.#passed.get(task)
    if (passed === undefined) return false
    const place = placeOf(frame)
    const stream = streamOf(frame)
    return (
      place.attempt < passed.attempt ||
      (place.attempt === passed.attempt && place[stream] <= passed[stream])
    )
  }
}
