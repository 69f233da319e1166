/** The engine's socket: calls in, documents and frames out. */
import { CallRequest } from "@backbeat/contract/Call"
import { exitCodeOf, failed } from "@backbeat/contract/Envelope"
import { type Problem, problem } from "@backbeat/contract/Problem"
import { callPath, exitHeader, handoverHeader, socketName, streamType } from "@backbeat/contract/protocol"
import { TaskStore } from "@backbeat/store/TaskStore"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import { rmSync } from "node:fs"
import { join } from "node:path"
import { toProblem } from "../handlers/Call.ts"
import { Home } from "../home/Home.ts"
import { Idleness } from "../life/Idleness.ts"
import { Shutdown } from "../life/Shutdown.ts"
import { type Answer, makeAnswer } from "./answer.ts"
import { explainMalformed } from "./explainMalformed.ts"
import { isNewer } from "./isNewer.ts"
import { ownSocket } from "./OwnSocket.ts"

const decodeRequest = Schema.decodeUnknownResult(Schema.fromJsonString(CallRequest))

/** Room for a payload of 10 MB, escaped, and an environment beside it. */
const maxBodyBytes = 64 * 1024 * 1024

const handover = (successor: string): Response =>
  new Response(null, { status: 503, headers: { [handoverHeader]: successor } })

/** What a stream needs of the engine: to be counted as an open call, and to wait for the disk. */
interface Streaming {
  readonly enter: () => () => void
  readonly flushed: Effect.Effect<void, Problem>
}

/** The frames, each told when what it tells is on the disk. An open call until the last one is out or the caller has gone. */
const bodyOf = (answer: Extract<Answer, { readonly kind: "stream" }>, { enter, flushed }: Streaming): ReadableStream<Uint8Array> => {
  const left = enter()
  return answer.frames.pipe(
    Stream.tap(() => flushed),
    Stream.map((frame) => `${JSON.stringify(frame)}\n`),
    Stream.catch((trouble) => Stream.make(`${JSON.stringify(failed(answer.operation, trouble))}\n`)),
    Stream.encodeText,
    Stream.ensuring(Effect.sync(left)),
    Stream.toReadableStream()
  )
}

const respond = (answer: Answer, streaming: Streaming): Response =>
  answer.kind === "document"
    ? new Response(answer.text, { headers: { "content-type": "application/json", [exitHeader]: String(answer.exitCode) } })
    : new Response(bodyOf(answer, streaming), { headers: { "content-type": streamType, [exitHeader]: "0" } })

const refuse = (operation: string, trouble: Problem): Response =>
  new Response(JSON.stringify(failed(operation, trouble)), { headers: { [exitHeader]: String(exitCodeOf(trouble)) } })

const malformed = (text: string, error: Schema.SchemaError): Response => {
  const { operation, trouble } = explainMalformed(text, error)
  return refuse(operation, trouble)
}

const explainDefect = ({ message }: Error): Response =>
  refuse("call", problem("InternalError", `a defect of backbeat: ${message}`, "See engine.log in the home."))

/** A path below the home that fits into a socket address, whatever the length of the home: it is bound while in it. */
const bindInside = (root: string, bind: () => Bun.Server<undefined>): Bun.Server<undefined> => {
  process.chdir(root)
  try {
    return bind()
  } finally {
    process.chdir("/")
  }
}

/**
 * Serves until the scope ends. Calls that are open then are told to call again. Answers with what is to be run once the engine
 * has said that it serves: a watch over its socket.
 */
export const serve = Effect.gen(function* () {
  const { root, version } = yield* Home
  const answer = yield* makeAnswer
  const idleness = yield* Idleness
  const shutdown = yield* Shutdown
  const store = yield* TaskStore
  const run = Effect.runPromiseExitWith(yield* Effect.context<never>())
  const streaming = { enter: idleness.enter, flushed: Effect.mapError(store.flushed, toProblem("")) }
  const closing = new AbortController()
  let successor = ""

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
    const ends = call.operation === "engine stop"
    const signal = ends ? request.signal : AbortSignal.any([request.signal, closing.signal])
    const exit = await run(answer(call), { signal })
    if (ends && Exit.isSuccess(exit)) await run(shutdown.released)
    return Exit.isSuccess(exit) ? respond(exit.value, streaming) : handover(successor)
  }

  /** Whoever is sent away finds no engine any more: it is not sent away before this one has let go of the home. */
  const onRequest = async (request: Request): Promise<Response> => {
    const response = closing.signal.aborted ? handover(successor) : await onCall(request)
    if (response.headers.has(handoverHeader)) await run(shutdown.released)
    return response
  }

  const own = yield* Effect.acquireRelease(
    Effect.sync(() => {
      rmSync(join(root, socketName), { force: true })
      const bound = bindInside(root, () =>
        Bun.serve({
          unix: socketName,
          maxRequestBodySize: maxBodyBytes,
          // Without these Bun answers a defect with a page of HTML.
          development: false,
          error: explainDefect,
          fetch: (request, server) => {
            server.timeout(request, 0)
            if (new URL(request.url).pathname !== callPath) return new Response(null, { status: 404 })
            const leave = idleness.enter()
            return onRequest(request).finally(leave)
          }
        })
      )
      return { bound, socket: ownSocket(join(root, socketName)) }
    }),
    ({ bound, socket }) =>
      Effect.sync(() => {
        // First no new caller finds it, then the open calls end, so that nothing is answered by two engines.
        socket.remove()
        closing.abort()
        void bound.stop(false)
      })
  )
  // Nobody reaches an engine without it, and while it holds the home nobody can start another.
  return { guard: Effect.sync(() => own.socket.guard(() => void run(shutdown.request("its socket was removed")))) }
})
