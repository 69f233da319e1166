/**
 * How far the lines of tasks were printed that stand among events. A stream that goes on tells all of them again, and maybe in
 * another order: each of the two outputs is in order, but not one with the other.
 */

/** A place in the output of a task, from the cursor of a line: offsets in bytes of an attempt. */
interface Place {
  readonly attempt: number
  readonly stdout: number
  readonly stderr: number
}

const lineMark = '{"type":"task.log.line","taskId":"'

/** The task of a frame that is a line; null for any other frame. */
const taskOf = (frame: string): string | null =>
  frame.startsWith(lineMark)
    ? frame.slice(lineMark.length, frame.indexOf('"', lineMark.length))
    : null

// A quote in the text of a line is escaped: neither of these can stand in it.
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

/** Remembers the lines that were printed of one stream, over the ends of engines. */
export class PrintedLines {
  readonly #passed = new Map<string, Place>()
  readonly #last = new Map<string, string>()

  /** Remembers the frames that were printed. Only the last line of each task is looked into, and that when it is needed. */
  note(frames: ReadonlyArray<string>): void {
    for (const frame of frames) {
      const task = taskOf(frame)
      if (task !== null) this.#last.set(task, frame)
    }
  }

  /** Begins anew with another engine: what was printed so far is passed. */
  turn(): void {
    for (const [task, frame] of this.#last) {
      const place = placeOf(frame)
      this.#passed.set(task, further(place, this.#passed.get(task) ?? place))
    }
    this.#last.clear()
  }

  /** Whether a frame is a line that was printed before the last turn. */
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
