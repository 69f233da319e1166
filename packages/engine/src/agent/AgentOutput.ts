/**
 * The standard output of an agent's attempt: its events are read as they come, and what they say to people is kept beside
 * them, in a folder that is read like that of any other attempt. All of it can be made again from the events.
 */
import type { AgentReader } from "@backbeat/agents/Agent"
import * as Effect from "effect/Effect"
import * as Semaphore from "effect/Semaphore"
import { appendFileSync, existsSync, linkSync, mkdirSync, statSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { readDropped } from "../output/DroppedRecord.ts"
import { OutputFile } from "../output/OutputFile.ts"
import { outputPath } from "../output/OutputStream.ts"

const chunkBytes = 262_144
/** A longer line is no event; it is left out. */
const lineMaxBytes = 16_777_216
const newline = 10

/** The folder below an attempt's own in which its text for people is; standard error is the same file in both. */
export const textDir = (dir: string): string => join(dir, "text")

/** Makes the folder where it is missing, and answers how much text is in it. Without a place for it the text is lost, and nothing else. */
const makeTextDir = (dir: string): number => {
  try {
    mkdirSync(textDir(dir), { recursive: true, mode: 0o700 })
    const own = outputPath(textDir(dir), "stderr")
    if (!existsSync(own) && existsSync(outputPath(dir, "stderr"))) linkSync(outputPath(dir, "stderr"), own)
    const path = outputPath(textDir(dir), "stdout")
    if (!existsSync(path)) writeFileSync(path, "", { mode: 0o600 })
    return statSync(path).size
  } catch {
    return 0
  }
}

/** Reads one attempt's events. `begin` once, then `catchUp` after growth, and `finish` when nothing will be written any more. */
export class AgentOutput {
  readonly #dir: string
  readonly #reader: AgentReader
  readonly #turns = Semaphore.makeUnsafe(1)
  #readTo = 0
  #pending: Array<Buffer> = []
  #pendingBytes = 0
  /** Text that an earlier engine has written already: the same events give the same text. */
  #written = 0
  #finished = false

  constructor(dir: string, reader: AgentReader) {
    this.#dir = dir
    this.#reader = reader
    const written = makeTextDir(dir)
    // What rotation has dropped cannot be told again: what is left may then be told twice, but nothing new is taken for old.
    this.#written = readDropped(dir).stdout.keptFrom > 0 ? 0 : written
  }

  /** Reads what was written since, and keeps its text. */
  readonly catchUp: Effect.Effect<void> = Effect.suspend(() => this.#turns.withPermit(this.#readOn))

  /** Reads the rest, a last line without newline included. */
  readonly finish: Effect.Effect<void> = Effect.suspend(() =>
    this.#turns.withPermit(
      Effect.andThen(
        this.#readOn,
        Effect.sync(() => {
          if (this.#finished) return
          this.#finished = true
          const last = this.#takePending()
          this.#write([...(last === "" ? [] : this.#reader.take(last)), ...this.#reader.rest()])
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
    return Effect.ensuring(all, Effect.sync(() => file.close()))
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
      texts.push(...this.#reader.take(this.#takePending()))
      from = at + 1
    }
    if (from < bytes.length) this.#hold(Buffer.from(bytes.subarray(from)))
    this.#write(texts)
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
    try {
      if (known < bytes.length) appendFileSync(outputPath(textDir(this.#dir), "stdout"), bytes.subarray(known), { mode: 0o600 })
    } catch {
      // A full disk or a folder that is gone loses the text for people; the events themselves are not touched.
    }
  }
}
