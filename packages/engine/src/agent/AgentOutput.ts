/**
 * The standard output of an agent's attempt. Parses its events as they come, and writes their text
 * for people to a folder that is read like that of any other attempt. Both are rotated within the
 * task's limit. Events are only dropped after their text and the reader's state are saved, so that
 * the next engine can continue.
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
import {
  type ReaderCheckpoint,
  readReaderCheckpoint,
  writeReaderCheckpoint
} from "./ReaderCheckpoint.ts"

const chunkBytes = 262_144
/** A longer line is not an event and is skipped. */
const lineMaxBytes = 16_777_216
const newline = 10

/** Writes, and ignores errors: a full disk or a removed folder only loses the text for people. */
const ignoreWriteErrors = (write: () => void): void => {
  try {
    write()
  } catch {
    // The events themselves are not changed.
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

/** Reads the events of one attempt. Call `catchUp` after growth, and `finish` after the end. */
export class AgentOutput {
  readonly #dir: string
  readonly #reader: AgentReader
  readonly #maxOutputBytes: number
  readonly #turns = Semaphore.makeUnsafe(1)
  #readTo: number
  #pending: Array<Buffer> = []
  #pendingBytes = 0
  /** The end offset of the text of the events so far. */
  #textTo: number
  /**
   * How much of the text an earlier engine has already written: the same events give the same text.
   */
  #written: number
  #finished = false

  constructor(dir: string, reader: AgentReader, maxOutputBytes: number) {
    this.#dir = dir
    this.#reader = reader
    this.#maxOutputBytes = maxOutputBytes
    ignoreWriteErrors(() => makeTextDir(dir))
    const end = textEnd(dir)
    const { events, text, overlongBytes } = this.#restore(end)
    this.#readTo = events
    this.#pendingBytes = overlongBytes
    this.#textTo = text
    this.#written = Math.max(0, end - text)
    this.#shareDropped()
  }

  /**
   * Finds where to continue. Without a saved state, reads from the oldest event whose text is
   * missing.
   */
  #restore(textEndsAt: number): Omit<ReaderCheckpoint, "reader"> {
    const saved = readReaderCheckpoint(this.#dir)
    if (saved !== null && this.#reader.restoreState(saved.reader)) return saved
    const record = readDropped(this.#dir)
    const { keptFrom } = record.stdout
    const taken = record.taken ?? { events: keptFrom, text: keptFrom > 0 ? textEndsAt : 0 }
    if (record.taken === null)
      ignoreWriteErrors(() => writeDropped(this.#dir, { ...record, taken }))
    return { ...taken, overlongBytes: 0 }
  }

  /** Reads new events and writes their text. */
  readonly catchUp: Effect.Effect<void> = Effect.suspend(() => {
    // First, so that the part of the shared standard error that rotation dropped is not shown as
    // zeros in the other folder.
    this.#shareDropped()
    return this.#turns.withPermit(this.#readMore)
  })

  /** Reads the rest, including a last line without newline. */
  readonly finish: Effect.Effect<void> = Effect.suspend(() =>
    this.#turns.withPermit(
      Effect.andThen(
        this.#readMore,
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

  readonly #readMore: Effect.Effect<void> = Effect.gen({ self: this }, function* () {
    while (yield* this.#readFile(new OutputFile(this.#dir, "stdout"))) yield* Effect.yieldNow
  })

  /**
   * Reads to the end of the file. Returns true if rotation has passed the end meanwhile; then the
   * file must be opened again.
   */
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
        const outcome = step()
        if (outcome !== "more") return outcome === "dropped"
        yield* Effect.yieldNow
      }
    })
    return Effect.ensuring(
      all,
      Effect.sync(() => file.close())
    )
  }

  /** Rotation was faster: the incomplete line and everything up to the offset are lost. */
  #skipTo(offset: number): void {
    this.#pending = []
    this.#pendingBytes = 0
    this.#readTo = offset
  }

  #split(bytes: Buffer): void {
    const texts: Array<string> = []
    let from = 0
    for (let at = bytes.indexOf(newline); at >= 0; at = bytes.indexOf(newline, from)) {
      this.#appendPending(bytes.subarray(from, at))
      texts.push(...this.#reader.readLine(this.#takePending()))
      from = at + 1
    }
    if (from < bytes.length) this.#appendPending(Buffer.from(bytes.subarray(from)))
    this.#write(texts)
    ignoreWriteErrors(() => this.#dropEvents())
  }

  /**
   * Saves the reader's state before events are dropped. An incomplete line is kept, unless it is
   * too long to be read.
   */
  #dropEvents(): void {
    const record = readDropped(this.#dir)
    if (this.#readTo - record.stdout.keptFrom <= this.#maxOutputBytes) return
    const overlongBytes = this.#pendingBytes > lineMaxBytes ? this.#pendingBytes : 0
    const events = this.#readTo - (this.#pendingBytes - overlongBytes)
    const text = this.#textTo
    writeReaderCheckpoint(this.#dir, {
      events,
      text,
      overlongBytes,
      reader: this.#reader.saveState()
    })
    writeDropped(this.#dir, { ...record, taken: { events, text } })
    rotate({ dir: this.#dir, maxOutputBytes: this.#maxOutputBytes, streams: ["stdout"] })
  }

  /** Standard error is one file in two folders. The readers of both must know what was dropped. */
  #shareDropped(): void {
    const { stderr } = readDropped(this.#dir)
    const text = readDropped(textDir(this.#dir))
    if (stderr.keptFrom !== text.stderr.keptFrom)
      ignoreWriteErrors(() => writeDropped(textDir(this.#dir), { ...text, stderr }))
  }

  #appendPending(part: Buffer): void {
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
    ignoreWriteErrors(() => {
      appendFileSync(outputPath(dir, "stdout"), bytes.subarray(known), { mode: 0o600 })
      rotate({ dir, maxOutputBytes: this.#maxOutputBytes, streams: ["stdout"] })
    })
  }
}
