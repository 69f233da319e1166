/** Handles requests: decodes calls, and sends documents or frames. */
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
import { listen, reject } from "./listen.ts"

const decodeRequest = Schema.decodeUnknownResult(Schema.fromJsonString(CallRequest))

const handover = (successor: string): Response =>
  new Response(null, { status: 503, headers: { [handoverHeader]: successor } })

/** The response for a caller that has disconnected. */
const callerGone = (): Response => new Response(null, { status: 499 })

/** What a stream needs from the engine: to be counted as an open call, and to wait for the disk. */
interface StreamContext {
  readonly enter: () => () => void
  readonly closing: AbortSignal
  /**
   * Never fails: a stream only reports, so its frames are sent even if they could not be flushed to
   * the disk.
   */
  readonly flushed: Effect.Effect<void>
}

/**
 * Sends text as fast as its reader takes it. It is an open call until everything is sent or the
 * caller has disconnected.
 */
const bodyOf = (
  text: Stream.Stream<string>,
  enter: StreamContext["enter"]
): ReadableStream<Uint8Array> => {
  const leave = enter()
  return text.pipe(
    Stream.encodeText,
    Stream.ensuring(Effect.sync(leave)),
    Stream.toReadableStream()
  )
}

/**
 * Sends frames after the events in them are on the disk, several at a time if they come together.
 */
const textOf = (
  { frames, operation, surface }: Extract<Answer, { readonly kind: "stream" }>,
  { closing, flushed }: StreamContext
): Stream.Stream<string> =>
  frames.pipe(
    Stream.mapArrayEffect((some) =>
      Effect.as(flushed, Arr.of(some.map((frame) => `${JSON.stringify(frame)}\n`).join("")))
    ),
    // A failure because the engine ends is not sent: the caller continues with the next engine.
    Stream.catch((error) =>
      closing.aborted
        ? Stream.never
        : Stream.make(`${JSON.stringify(failed(operation, error, surface))}\n`)
    )
  )

const respond = (answer: Answer, streaming: StreamContext): Response => {
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
  return reject(operation, trouble, surface)
}

const homeGone = (home: string, operation: string): Problem =>
  problem(
    "StoreError",
    `the home ${home} was removed or replaced during ${operation}`,
    "Processes that it started may still run without a record. Check for them before you call again.",
    { home, operation }
  )

/** Whether the operation changes nothing. Loads the whole table only in this case. */
const isReadOnly = async (name: string): Promise<boolean> => {
  const { lookUp } = await import("@backbeat/contract/discovery")
  return Result.match(lookUp(name), {
    onFailure: () => true,
    onSuccess: ({ readOnly }) => readOnly
  })
}

/** Tracks open requests, so that the engine can wait until all are done. */
const makeOpenRequests = () => {
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
 * Serves until the scope ends; then open calls are told to call again. Returns an effect to run
 * after the engine has reported that it serves: the watch over its socket and lock.
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
  const openRequests = makeOpenRequests()
  let successor = ""

  /**
   * Handles a call after the home was removed: only the engine that owns the home answers. A call
   * that may have changed something is not handed to the next engine, which would do it a second
   * time.
   */
  const afterLoss = async (
    operation: string,
    progress: "started" | "not started"
  ): Promise<Response> => {
    await run(shutdown.request("its lock was removed"))
    if (progress === "not started" || lock.isSameHome() || (await isReadOnly(operation)))
      return handover(successor)
    return reject(operation, homeGone(root, operation))
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
    if (!lock.isOwned()) return afterLoss(call.operation, "not started")
    const ends = entryRowOf(call.operation)?.endsEngine === true
    const signal = ends ? request.signal : AbortSignal.any([request.signal, closing.signal])
    const exit = await openRequests.add(run(answer(call), { signal }))
    if (ends && Exit.isSuccess(exit)) await run(shutdown.released)
    if (!lock.isOwned()) return afterLoss(call.operation, "started")
    if (Exit.isSuccess(exit)) return respond(exit.value, streaming)
    // Interrupted because its caller disconnected, or because this engine ends.
    return closing.signal.aborted ? handover(successor) : callerGone()
  }

  /**
   * A caller that is sent away finds no engine, so wait first until this engine has released the
   * home.
   */
  const onRequest = async (request: Request): Promise<Response> => {
    const response = closing.signal.aborted ? handover(successor) : await onCall(request)
    if (response.headers.has(handoverHeader)) await run(shutdown.released)
    return response
  }

  const close = () => {
    closing.abort()
    return openRequests.done()
  }
  return { watchHome: yield* listen({ answer: onRequest, close }) }
})
