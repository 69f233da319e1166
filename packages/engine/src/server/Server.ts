/** Calls in, documents and frames out. */
import { CallRequest } from "@backbeat/contract/Call"
import { failed } from "@backbeat/contract/Envelope"
import { entryRowOf } from "@backbeat/contract/names"
import { type Problem, problem } from "@backbeat/contract/Problem"
import { exitHeader, failureHeader, handoverHeader, streamType } from "@backbeat/contract/protocol"
import { Disk } from "@backbeat/store/Disk"
import * as Arr from "effect/Array"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import { Home } from "../home/Home.ts"
import { HomeLock } from "../life/HomeLock.ts"
import { Idleness } from "../supervisor/Idleness.ts"
import { Shutdown } from "../life/Shutdown.ts"
import { makeAnswer } from "./answer.ts"
import type { Answer } from "./document.ts"
import { explainMalformed } from "./explainMalformed.ts"
import { isNewer } from "./isNewer.ts"
import { listen, refuse } from "./listen.ts"

const decodeRequest = Schema.decodeUnknownResult(Schema.fromJsonString(CallRequest))

const handover = (successor: string): Response =>
  new Response(null, { status: 503, headers: { [handoverHeader]: successor } })

/** For a caller that has gone. */
const unread = (): Response => new Response(null, { status: 499 })

/** What a stream needs of the engine: to be counted as an open call, and to wait for the disk. */
interface Streaming {
  readonly enter: () => () => void
  readonly closing: AbortSignal
  /** Streams only tell: what cannot be forced to the disk is told all the same. */
  readonly flushed: Effect.Effect<void>
}

/** Text that is sent as its reader takes it: an open call until all of it is out or the caller has gone. */
const bodyOf = (
  text: Stream.Stream<string>,
  enter: Streaming["enter"]
): ReadableStream<Uint8Array> => {
  const left = enter()
  return text.pipe(Stream.encodeText, Stream.ensuring(Effect.sync(left)), Stream.toReadableStream())
}

/** The frames, told when what they tell is on the disk, as many at a time as come together. */
const textOf = (
  { frames, operation, surface }: Extract<Answer, { readonly kind: "stream" }>,
  { closing, flushed }: Streaming
): Stream.Stream<string> =>
  frames.pipe(
    Stream.mapArrayEffect((some) =>
      Effect.as(flushed, Arr.of(some.map((frame) => `${JSON.stringify(frame)}\n`).join("")))
    ),
    // What fails because the engine ends is no answer: the caller goes on with the next one.
    Stream.catch((trouble) =>
      closing.aborted
        ? Stream.never
        : Stream.make(`${JSON.stringify(failed(operation, trouble, surface))}\n`)
    )
  )

const respond = (answer: Answer, streaming: Streaming): Response => {
  if (answer.kind === "stream") {
    return new Response(bodyOf(textOf(answer, streaming), streaming.enter), {
      headers: { "content-type": streamType, [exitHeader]: "0" }
    })
  }
  const { exitCode, failed: isFailure = false, text } = answer
  const body = typeof text === "string" ? text : bodyOf(text, streaming.enter)
  const headers = {
    "content-type": "application/json",
    [exitHeader]: String(exitCode),
    ...(isFailure ? { [failureHeader]: "1" } : {})
  }
  return new Response(body, { headers })
}

const malformed = (text: string, error: Schema.SchemaError): Response => {
  const { operation, trouble, surface } = explainMalformed(text, error)
  return refuse(operation, trouble, surface)
}

const homeGone = (home: string, operation: string): Problem =>
  problem(
    "StoreError",
    `the home ${home} was removed or replaced during ${operation}`,
    "Processes that it started may still run without a record. Check for them before you call again.",
    { home, operation }
  )

/** Whether the operation changes nothing. The whole table is read only for this. */
const isReadOnly = async (name: string): Promise<boolean> => {
  const { lookUp } = await import("@backbeat/contract/discovery")
  return Result.match(lookUp(name), {
    onFailure: () => true,
    onSuccess: ({ readOnly }) => readOnly
  })
}

/** Remembers what is under way, for whoever waits until nothing is. */
const makeUnderWay = () => {
  const all = new Set<Promise<unknown>>()
  return {
    add: <A>(work: Promise<A>): Promise<A> => {
      all.add(work)
      return work.finally(() => all.delete(work))
    },
    done: () => Promise.all(all)
  }
}

/**
 * Serves until the scope ends. Calls that are open then are told to call again. Answers with what is to be run once the engine
 * has said that it serves: a watch over its socket and its lock.
 */
export const serve = Effect.gen(function* () {
  const { root, version } = yield* Home
  const answer = yield* makeAnswer
  const idleness = yield* Idleness
  const shutdown = yield* Shutdown
  const lock = yield* HomeLock
  const disk = yield* Disk
  const run = Effect.runPromiseExitWith(yield* Effect.context<never>())
  const closing = new AbortController()
  const streaming = {
    enter: idleness.enter,
    closing: closing.signal,
    flushed: Effect.ignore(disk.flushed)
  }
  const underWay = makeUnderWay()
  let successor = ""

  /**
   * Only the engine of the home answers: what one says whose home was taken away is of a home that is no more. What that has begun to
   * change is not asked of the next one, which would do it a second time.
   */
  const afterLoss = async (
    operation: string,
    progress: "begun" | "not begun"
  ): Promise<Response> => {
    await run(shutdown.request("its lock was removed"))
    if (progress === "not begun" || lock.isSameHome() || (await isReadOnly(operation)))
      return handover(successor)
    return refuse(operation, homeGone(root, operation))
  }

  const onCall = async (request: Request): Promise<Response> => {
    const text = await request.text()
    const decoded = decodeRequest(text)
    if (Result.isFailure(decoded)) return malformed(text, decoded.failure)
    const call = decoded.success
    if (isNewer(call.caller.version, version)) {
      successor = call.caller.version
      await run(shutdown.request(`version ${successor} takes over`))
      return handover(successor)
    }
    if (!lock.isHeld()) return afterLoss(call.operation, "not begun")
    const ends = entryRowOf(call.operation)?.endsEngine === true
    const signal = ends ? request.signal : AbortSignal.any([request.signal, closing.signal])
    const exit = await underWay.add(run(answer(call), { signal }))
    if (ends && Exit.isSuccess(exit)) await run(shutdown.released)
    if (!lock.isHeld()) return afterLoss(call.operation, "begun")
    if (Exit.isSuccess(exit)) return respond(exit.value, streaming)
    // Interrupted by its caller, which has gone, or by the end of this engine.
    return closing.signal.aborted ? handover(successor) : unread()
  }

  /** Whoever is sent away finds no engine any more: it is not sent away before this one has let go of the home. */
  const onRequest = async (request: Request): Promise<Response> => {
    const response = closing.signal.aborted ? handover(successor) : await onCall(request)
    if (response.headers.has(handoverHeader)) await run(shutdown.released)
    return response
  }

  const close = () => {
    closing.abort()
    return underWay.done()
  }
  return { guard: yield* listen({ answer: onRequest, close }) }
})
