/** The engine's socket in its home, and the watch over what makes the home the engine's. */
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

/** Room for a payload of 10 MB, escaped, and an environment beside it. */
const maxBodyBytes = 64 * 1024 * 1024

/** The document of a problem outside of any operation's answer. */
export const refuse = (operation: string, trouble: Problem, surface?: Surface): Response =>
  new Response(JSON.stringify(failed(operation, trouble, surface)), {
    headers: { [exitHeader]: String(exitCodeOf(trouble)), [failureHeader]: "1" }
  })

const explainDefect = ({ message }: Error): Response =>
  refuse(
    "call",
    problem("InternalError", `defect of backbeat: ${message}`, "Read engine.log in the home.")
  )

/** A path below the home that fits into a socket address, whatever the length of the home: it is bound while in it. */
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

/** Answers requests, each an open call until it is answered. `close` is called when no new one comes in, and ends when the open ones have. */
export interface Listener {
  readonly answer: (request: Request) => Promise<Response>
  readonly close: () => Promise<unknown>
}

/** Listens until the scope ends, and gives what begins to watch: over the socket and the lock of the home. */
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
      // Without these Bun answers a defect with a page of HTML.
      development: false,
      error: explainDefect,
      fetch: (request, server) => {
        server.timeout(request, 0)
        const { pathname } = new URL(request.url)
        // No open call: whoever asks does not keep the engine.
        if (pathname === healthPath) return Response.json({ ok: true, home: homeIdOf(root) })
        if (pathname !== callPath) return new Response(null, { status: 404 })
        return answer(request).finally(idleness.enter())
      }
    })

  const { socket } = yield* Effect.acquireRelease(
    Effect.sync(() => {
      // The socket there may be that of the engine whose home it is now.
      if (lock.isHeld()) rmSync(path, { force: true })
      const bound = bindInside(root, bind)
      return { bound, socket: ownFile(path) }
    }),
    ({ bound, socket: own }) =>
      Effect.promise(() => {
        // First no new caller finds it, then the open calls end, so that nothing is answered by two engines.
        own.remove()
        void bound.stop(false)
        return close()
      })
  )
  return Effect.sync(() => {
    // Nobody reaches an engine without its socket, and while it holds the home nobody can start another. Without the lock anybody can.
    socket.guard(() => void run(shutdown.request("its socket was removed")))
    lock.guard(() => void run(shutdown.request("its lock was removed")))
  })
})
