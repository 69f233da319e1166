/** The engine's socket: calls in, documents and frames out. */
import { CallRequest } from "@backbeat/contract/Call"
import { commandInputError } from "@backbeat/contract/Problem"
import { exitCodeOf, failed } from "@backbeat/contract/Envelope"
import { callPath, exitHeader, handoverHeader, socketName } from "@backbeat/contract/protocol"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import { rmSync } from "node:fs"
import { join } from "node:path"
import { Home } from "../home/Home.ts"
import { Idleness } from "../life/Idleness.ts"
import { Shutdown } from "../life/Shutdown.ts"
import { type Answer, makeAnswer } from "./answer.ts"
import { isNewer } from "./isNewer.ts"

const decodeRequest = Schema.decodeUnknownResult(Schema.fromJsonString(CallRequest))

/** Room for a payload of 10 MB, escaped, and an environment beside it. */
const maxBodyBytes = 64 * 1024 * 1024

const handover = (): Response => new Response(null, { status: 503, headers: { [handoverHeader]: "1" } })

const bodyOf = (answer: Extract<Answer, { readonly kind: "stream" }>): ReadableStream<Uint8Array> =>
  answer.frames.pipe(
    Stream.map((frame) => `${JSON.stringify(frame)}\n`),
    Stream.catch((trouble) => Stream.make(`${JSON.stringify(failed(answer.operation, trouble))}\n`)),
    Stream.encodeText,
    Stream.toReadableStream()
  )

const respond = (answer: Answer): Response =>
  answer.kind === "document"
    ? new Response(answer.text, { headers: { "content-type": "application/json", [exitHeader]: String(answer.exitCode) } })
    : new Response(bodyOf(answer), { headers: { "content-type": "application/x-ndjson", [exitHeader]: "0" } })

const malformed = (message: string): Response => {
  const trouble = commandInputError(`the call is malformed: ${message}`, "Use the backbeat CLI of this engine's version.")
  return new Response(JSON.stringify(failed("call", trouble)), {
    headers: { [exitHeader]: String(exitCodeOf(trouble)) }
  })
}

/** A path below the home that fits into a socket address, whatever the length of the home: it is bound while in it. */
const bindInside = (root: string, bind: () => Bun.Server<undefined>): Bun.Server<undefined> => {
  process.chdir(root)
  try {
    return bind()
  } finally {
    process.chdir("/")
  }
}

/** Serves until the scope ends. Calls that are open then are told to call again. */
export const serve = Effect.gen(function* () {
  const { root, version } = yield* Home
  const answer = yield* makeAnswer
  const idleness = yield* Idleness
  const shutdown = yield* Shutdown
  const run = Effect.runPromiseExitWith(yield* Effect.context<never>())
  const closing = new AbortController()

  const onCall = async (request: Request): Promise<Response> => {
    const decoded = decodeRequest(await request.text())
    if (Result.isFailure(decoded)) return malformed(decoded.failure.message)
    const call = decoded.success
    if (isNewer(call.caller.version, version)) {
      await run(shutdown.request(`version ${call.caller.version} takes over`))
      return handover()
    }
    const ends = call.operation === "engine stop"
    const signal = ends ? request.signal : AbortSignal.any([request.signal, closing.signal])
    const exit = await run(answer(call), { signal })
    if (ends && Exit.isSuccess(exit)) await run(shutdown.released)
    return Exit.isSuccess(exit) ? respond(exit.value) : handover()
  }

  /** Whoever is sent away finds no engine any more: it is not sent away before this one has let go of the home. */
  const onRequest = async (request: Request): Promise<Response> => {
    const response = closing.signal.aborted ? handover() : await onCall(request)
    if (response.headers.has(handoverHeader)) await run(shutdown.released)
    return response
  }

  yield* Effect.acquireRelease(
    Effect.sync(() => {
      rmSync(join(root, socketName), { force: true })
      return bindInside(root, () =>
        Bun.serve({
          unix: socketName,
          maxRequestBodySize: maxBodyBytes,
          fetch: async (request, server) => {
            server.timeout(request, 0)
            if (new URL(request.url).pathname !== callPath) return new Response(null, { status: 404 })
            const leave = idleness.enter()
            try {
              return await onRequest(request)
            } finally {
              leave()
            }
          }
        })
      )
    }),
    (server) =>
      Effect.sync(() => {
        // First no new caller finds it, then the open calls end, so that nothing is answered by two engines.
        rmSync(join(root, socketName), { force: true })
        closing.abort()
        void server.stop(false)
      })
  )
})
