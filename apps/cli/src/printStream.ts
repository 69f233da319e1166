/** Prints frames as they come, across engines. A failure goes to stderr, like every failure. */
import { awaitAnswer, type AnswerWait } from "@backbeat/client/awaitAnswer"
import {
  callEngine,
  type OutgoingCall,
  answerWaitOf,
  type Target
} from "@backbeat/client/callEngine"
import { unreachable } from "@backbeat/client/Unreachable"
import { entryRowOf } from "@backbeat/contract/names"
import { print } from "./print.ts"
import { PrintedLines } from "./PrintedLines.ts"
import { behind, isRepeated, type Printed, tellsAllAgain } from "./resume.ts"

const failureMark = '{"ok":false'

/** The received chunks. Throws Unreachable if none come and the engine does not respond. */
async function* chunksOf(response: Response, wait: AnswerWait): AsyncGenerator<Uint8Array> {
  const reader = response.body?.getReader()
  if (reader === undefined) return
  for (;;) {
    const { done, value } = await awaitAnswer(reader.read(), { ...wait, since: performance.now() })
    if (done) return
    yield value
  }
}

/** The lines of a response, several at a time if they arrive together. */
async function* linesOf(
  response: Response,
  wait: AnswerWait
): AsyncGenerator<ReadonlyArray<string>> {
  const decoder = new TextDecoder()
  let rest = ""
  for await (const chunk of chunksOf(response, wait)) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n")
    rest = lines.pop() ?? ""
    if (lines.length > 0) yield lines
  }
  if (rest !== "") yield [rest]
}

/**
 * What is remembered of a stream. Lines are remembered if they are among events or from several
 * tasks.
 */
interface Remembered {
  readonly wait: AnswerWait
  readonly printed: { -readonly [Key in keyof Printed]: Printed[Key] }
  readonly lines: PrintedLines | null
  readonly looks: Looks
}

/** How a frame and a failure are printed. */
interface Looks {
  readonly shown: (frame: string) => string
  readonly failed: (document: string) => string
}

const looksOf = async ({ operation, flags }: OutgoingCall): Promise<Looks> => {
  if (flags["human"] !== true) return { shown: (frame) => frame, failed: (document) => document }
  const [{ humanFrame }, { humanError }] = [
    await import("./humanFrame.ts"),
    await import("./humanError.ts")
  ]
  const isOfLines = entryRowOf(operation)?.resume === "cursor"
  return { shown: (frame) => humanFrame(isOfLines, frame), failed: humanError }
}

/** Prints one response to its end. Returns the exit code. */
const printFrames = async (
  response: Response,
  { wait, printed, lines: among, looks: { shown, failed } }: Remembered,
  isResumed: boolean
): Promise<number> => {
  const isNews = (frame: string): boolean =>
    !isResumed || !(isRepeated(frame) || among?.isPassed(frame) === true)
  for await (const lines of linesOf(response, wait)) {
    const failure = lines.findIndex((line) => line.startsWith(failureMark))
    const frames = (failure < 0 ? lines : lines.slice(0, failure)).filter(isNews)
    if (frames.length > 0 && !(await print("stdout", `${frames.map(shown).join("\n")}\n`))) return 0
    among?.note(frames)
    printed.last = frames.at(-1) ?? printed.last
    printed.count += frames.length
    if (failure < 0) continue
    await print("stderr", `${failed(lines[failure] ?? "")}\n`)
    return 1
  }
  return 0
}

/** Returns when nobody reads standard output any more. A file or a terminal always has a reader. */
const readerGone = async (): Promise<void> => {
  const { fstatSync } = await import("node:fs")
  const stat = fstatSync(1)
  if (!stat.isFIFO() && !stat.isSocket()) return new Promise(() => {})
  const worker = new Worker(new URL("./watchReader.ts", import.meta.url).href)
  // If the worker fails, the next write detects a closed reader.
  await new Promise<void>((resolve) => worker.addEventListener("message", () => resolve()))
}

const isBroken = (thrown: unknown): boolean =>
  thrown instanceof Error && "code" in thrown && thrown.code === "ECONNRESET"

/** Prints the stream to its end. Returns the exit code. */
const printAll = async (first: Response, target: Target, call: OutgoingCall): Promise<number> => {
  // A stream may be silent for any time, so only the engine is checked.
  const wait = { ...answerWaitOf(target, call), timeoutMs: null }
  const printed = { count: 0, last: null }
  const looks = await looksOf(call)
  const lines = tellsAllAgain(call) ? new PrintedLines() : null
  for (let response = first; ;) {
    try {
      return await printFrames(response, { wait, printed, lines, looks }, response !== first)
    } catch (thrown) {
      if (!isBroken(thrown)) throw thrown
    }
    lines?.turn()
    const next = behind(call, printed)
    const answer = next === null ? null : await callEngine(target, next)
    if (answer === null) {
      throw unreachable(
        "the engine ended during the stream",
        "Call again with since set to the cursor or sequence of the last frame.",
        { last: printed.last }
      )
    }
    response = answer
  }
}

/**
 * Prints the stream until it ends or its reader is closed. Returns the exit code. Throws
 * Unreachable if it cannot be resumed.
 */
export const printStream = (first: Response, target: Target, call: OutgoingCall): Promise<number> =>
  Promise.race([printAll(first, target, call), readerGone().then(() => 0)])
