/**
 * The standard output of an agent's attempt: its events are read as they come, and what they say to people is kept beside
 * them, in a folder that is read like that of any other attempt. Both are kept within the limit of the task; an event goes only when
 * its text is there and what it told is kept, so that the next engine goes on where this one was.
 */
import type { AgentReader } from "@backbeat/agents/Agent"
import * as Effect from "effect/Effect"
import * as Semaphore from "effect/Semaphore"
import { appendFileSync, existsSync, linkSync, mkdirSync, writeFileSync } from "../system/files.ts"
import { readDropped, writeDropped } from "../output/DroppedRecord.ts"
import { OutputFile } from "../output/OutputFile.ts"
import { outputPath } from "../output/OutputStream.ts"
import { textDir } from "../output/readableDir.ts"
import { rotate } from "../output/rotate.ts"
import { type Progress, readProgress, writeProgress } from "./Progress.ts"

const chunkBytes = 262_144
/** A longer line is no event; it is left out. */
const lineMaxBytes = 16_777_216
const newline = 10

/** Does what needs a place on the disk. A full disk or a folder that is gone loses the text for people, and nothing else. */
const ifThereIsPlace = (write: () => void): void => {
  try {
    write()
  } catch {
    // The events themselves are not touched.
  }
}

const makeTextDir = (dir: string): void => {
  mkdirSync(textDir(dir), { recursive: true, mode: 0o700 })
  const own = outputPath(textDir(dir), "stderr")
  if (!existsSync(own) && existsSync(outputPath(dir, "stderr")))
    linkSync(outputPath(dir, "stderr"), own)
  const path = outputPath(textDir(dir), "stdout")
  if (!existsSync(path)) writeFileSync(path, "", { mode: 0o600 })
}

const textEnd = (dir: string): number => {
  const text = new OutputFile(textDir(dir), "stdout")
  text.close()
  return text.end
}

/** Reads one attempt's events. `catchUp` after growth, and `finish` when nothing will be written any more. */
export class AgentOutput {
  readonly #dir: string
  readonly #reader: AgentReader
  readonly #maxOutputBytes: number
  readonly #turns = Semaphore.makeUnsafe(1)
  #readTo: number
  #pending: Array<Buffer> = []
  #pendingBytes = 0
  /** The end of the text that the events so far have given. */
  #textTo: number
  /** Text that an earlier engine has written already: the same events give the same text. */
  #written: number
  #finished = false

  constructor(dir: string, reader: AgentReader, maxOutputBytes: number) {
    this.#dir = dir
    this.#reader = reader
    this.#maxOutputBytes = maxOutputBytes
    ifThereIsPlace(() => makeTextDir(dir))
    const end = textEnd(dir)
    const { events, text, overlongBytes } = this.#learnProgress(end)
    this.#readTo = events
    this.#pendingBytes = overlongBytes
    this.#textTo = text
    this.#written = Math.max(0, end - text)
    this.#shareDropped()
  }

  /** Where to go on. What no engine has kept, or could keep, is read from the oldest event on of which the text is not there. */
  #learnProgress(textEndsAt: number): Omit<Progress, "reader"> {
    const progress = readProgress(this.#dir)
    if (progress !== null && this.#reader.restoreState(progress.reader)) return progress
    const record = readDropped(this.#dir)
    const { keptFrom } = record.stdout
    const taken = record.taken ?? { events: keptFrom, text: keptFrom > 0 ? textEndsAt : 0 }
    if (record.taken === null) ifThereIsPlace(() => writeDropped(this.#dir, { ...record, taken }))
    return { ...taken, overlongBytes: 0 }
  }

  /** Reads what was written since, and keeps its text. */
  readonly catchUp: Effect.Effect<void> = Effect.suspend(() => {
    // At once: what rotation has just taken from the one standard error must not be shown as zeros in the other folder.
    this.#shareDropped()
    return this.#turns.withPermit(this.#readOn)
  })

  /** Reads the rest, a last line without newline included. */
  readonly finish: Effect.Effect<void> = Effect.suspend(() =>
    this.#turns.withPermit(
      Effect.andThen(
        this.#readOn,
        Effect.sync(() => {
          if (this.#finished) return
          this.#finished = true
          const last = this.#takePending()
          this.#write([
            ...(last === "" ? [] : this.#reader.readLine(last)),
            ...this.#reader.flush()
          ])
        })
      )
    )
  )

  readonly #readOn: Effect.Effect<void> = Effect.gen({ self: this }, function* () {
    while (yield* this.#readFile(new OutputFile(this.#dir, "stdout"))) yield* Effect.yieldNow
  })

  /** Reads what the file has. True when rotation has been beyond its end meanwhile: then it has to be opened anew. */
  #readFile(file: OutputFile): Effect.Effect<boolean> {
    const buffer = Buffer.allocUnsafe(chunkBytes)
    const step = (): "more" | "end" | "dropped" => {
      if (this.#readTo < file.keptFrom) this.#skipTo(file.keptFrom)
      const count = file.read(this.#readTo, buffer)
      if (count === "dropped") return count
      this.#readTo += count
      this.#split(buffer.subarray(0, count))
      return count > 0 ? "more" : "end"
    }
    const all = Effect.gen(function* () {
      for (;;) {
        const met = step()
        if (met !== "more") return met === "dropped"
        yield* Effect.yieldNow
      }
    })
    return Effect.ensuring(
      all,
      Effect.sync(() => file.close())
    )
  }

  /** Rotation was faster: the line that is under way is lost, and so is what came between. */
  #skipTo(offset: number): void {
    this.#pending = []
    this.#pendingBytes = 0
    this.#readTo = offset
  }

  #split(bytes: Buffer): void {
    const texts: Array<string> = []
    let from = 0
    for (let at = bytes.indexOf(newline); at >= 0; at = bytes.indexOf(newline, from)) {
      this.#hold(bytes.subarray(from, at))
      texts.push(...this.#reader.readLine(this.#takePending()))
      from = at + 1
    }
    if (from < bytes.length) this.#hold(Buffer.from(bytes.subarray(from)))
    this.#write(texts)
    ifThereIsPlace(() => this.#dropEvents())
  }

  /** What the events told comes before they go. A line under way is kept, unless it is none that will be read. */
  #dropEvents(): void {
    const record = readDropped(this.#dir)
    if (this.#readTo - record.stdout.keptFrom <= this.#maxOutputBytes) return
    const overlongBytes = this.#pendingBytes > lineMaxBytes ? this.#pendingBytes : 0
    const events = this.#readTo - (this.#pendingBytes - overlongBytes)
    const text = this.#textTo
    writeProgress(this.#dir, { events, text, overlongBytes, reader: this.#reader.saveState() })
    writeDropped(this.#dir, { ...record, taken: { events, text } })
    rotate({ dir: this.#dir, maxOutputBytes: this.#maxOutputBytes, streams: ["stdout"] })
  }

  /** Standard error is one file in two folders, and its readers in either have to know what is gone. */
  #shareDropped(): void {
    const { stderr } = readDropped(this.#dir)
    const text = readDropped(textDir(this.#dir))
    if (stderr.keptFrom !== text.stderr.keptFrom)
      ifThereIsPlace(() => writeDropped(textDir(this.#dir), { ...text, stderr }))
  }

  #hold(part: Buffer): void {
    this.#pendingBytes += part.length
    if (this.#pendingBytes <= lineMaxBytes) this.#pending.push(part)
    else this.#pending = []
  }

  #takePending(): string {
    const text = Buffer.concat(this.#pending).toString("utf8")
    this.#pending = []
    this.#pendingBytes = 0
    return text
  }

  #write(lines: ReadonlyArray<string>): void {
    if (lines.length === 0) return
    const bytes = Buffer.from(lines.map((line) => `${line}\n`).join(""))
    const known = Math.min(this.#written, bytes.length)
    this.#written -= known
    this.#textTo += bytes.length
    if (known === bytes.length) return
    const dir = textDir(this.#dir)
    ifThereIsPlace(() => {
      appendFileSync(outputPath(dir, "stdout"), bytes.subarray(known), { mode: 0o600 })
      rotate({ dir, maxOutputBytes: this.#maxOutputBytes, streams: ["stdout"] })
    })
  }
}
