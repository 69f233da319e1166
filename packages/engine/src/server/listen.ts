/** The engine's socket in its home, and the watches that detect when the home is lost. */
import { exitCodeOf, failed } from "@backbeat/contract/Envelope"
import { type Problem, problem } from "@backbeat/contract/Problem"
import {
  callPath,
  exitHeader,
  failureHeader,
  healthPath,
  socketName
} from "@backbeat/contract/protocol"
import type { Surface } from "@backbeat/contract/surface/Surface"
import * as Effect from "effect/Effect"
import { chmodSync, rmSync } from "node:fs"
import { join } from "node:path"
import { Home } from "../home/Home.ts"
import { homeIdOf } from "../home/homeId.ts"
import { HomeLock } from "../life/HomeLock.ts"
import { Idleness } from "../supervisor/Idleness.ts"
import { ownFile } from "../life/OwnFile.ts"
import { Shutdown } from "../life/Shutdown.ts"

/** Large enough for an escaped payload of 10 MB and an environment. */
const maxBodyBytes = 64 * 1024 * 1024

/** The response for a problem outside of an operation. */
export const reject = (operation: string, error: Problem, surface?: Surface): Response =>
  new Response(JSON.stringify(failed(operation, error, surface)), {
    headers: { [exitHeader]: String(exitCodeOf(error)), [failureHeader]: "1" }
  })

const explainDefect = ({ message }: Error): Response =>
  reject(
    "call",
    problem("InternalError", `defect of backbeat: ${message}`, "Read engine.log in the home.")
  )

/**
 * Binds the socket by a relative path inside the home, because the full path may be too long for a
 * socket address.
 */
const bindInside = (root: string, bind: () => Bun.Server<undefined>): Bun.Server<undefined> => {
  process.chdir(root)
  try {
    const bound = bind()
    chmodSync(socketName, 0o600)
    return bound
  } finally {
    process.chdir("/")
  }
}

/**
 * Answers requests; each is an open call until it is answered. `close` is called when no new
 * request comes in, and returns when the open ones are done.
 */
export interface Listener {
  readonly answer: (request: Request) => Promise<Response>
  readonly close: () => Promise<unknown>
}

/**
 * Listens until the scope ends. Returns an effect that starts the watches on the socket and the
 * lock.
 */
export const listen = Effect.fnUntraced(function* ({ answer, close }: Listener) {
  const { root } = yield* Home
  const lock = yield* HomeLock
  const idleness = yield* Idleness
  const shutdown = yield* Shutdown
  const run = Effect.runForkWith(yield* Effect.context<never>())
  const path = join(root, socketName)

  const bind = () =>
    Bun.serve({
      unix: socketName,
      maxRequestBodySize: maxBodyBytes,
      // Otherwise Bun answers a defect with an HTML page.
      development: false,
      error: explainDefect,
      fetch: (request, server) => {
        server.timeout(request, 0)
        const { pathname } = new URL(request.url)
        // Not an open call: a health check does not keep the engine running.
        if (pathname === healthPath) return Response.json({ ok: true, home: homeIdOf(root) })
        if (pathname !== callPath) return new Response(null, { status: 404 })
        return answer(request).finally(idleness.enter())
      }
    })

  const { socket } = yield* Effect.acquireRelease(
    Effect.sync(() => {
      // The existing socket may belong to an engine that owns the home now.
      if (lock.isOwned()) rmSync(path, { force: true })
      const bound = bindInside(root, bind)
      return { bound, socket: ownFile(path) }
    }),
    ({ bound, socket: own }) =>
      Effect.promise(() => {
        // First new callers no longer find it, then the open calls end, so that no two engines
        // answer.
        own.remove()
        void bound.stop(false)
        return close()
      })
  )
  return Effect.sync(() => {
    // Without its socket nobody can reach the engine, and while it owns the home nobody can start
    // another. Without its lock anybody can.
    socket.onLost(() => void run(shutdown.request("its socket was removed")))
    lock.onLost(() => void run(shutdown.request("its lock was removed")))
  })
})
