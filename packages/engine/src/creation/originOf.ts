/** The origin of a caller's request. */
import { TaskStore } from "@backbeat/store/TaskStore"
import * as Effect from "effect/Effect"
import { actorOf, type Call, toProblem } from "../call/Call.ts"
import { Home } from "../home/Home.ts"
import { homeIdOf } from "../home/homeId.ts"
import { folderAt, isSameFolder } from "../process/folderAt.ts"
import { limitsOf } from "../process/inheritance.ts"
import { terminalOf } from "../process/terminalOf.ts"
import type { Origin } from "./Origin.ts"
import { once } from "../wiring/once.ts"

/** Builds a function that returns the origin of a call. Fails with a Problem if the store fails. */
export const makeOriginOf = once(
  Effect.gen(function* () {
    const { root } = yield* Home
    const store = yield* TaskStore

    /** The task of this home that makes the call; null if the caller runs in none. */
    const parentOf = ({ taskId, taskHomeId, taskHome }: Call["caller"]) => {
      const isHere =
        taskHomeId !== undefined
          ? taskHomeId === homeIdOf(root)
          : taskHome === undefined || isSameFolder(folderAt(taskHome), folderAt(root))
      return taskId === undefined || !isHere
        ? Effect.succeed(null)
        : Effect.mapError(store.find(taskId), toProblem)
    }

    return Effect.fnUntraced(function* (call: Call) {
      const { caller, flags } = call
      const parent = yield* parentOf(caller)
      const sessionId = caller.sessionId ?? null
      const terminal = sessionId === null ? terminalOf(caller.pid) : null
      const { requestId, requestedAt, cwd } = caller
      return {
        actor: actorOf(call),
        owner: {
          sessionId,
          client: caller.client,
          taskId: parent?.id ?? null,
          depth: parent === null ? 0 : parent.owner.depth + 1,
          ...(terminal === null ? {} : { terminal })
        },
        requestId,
        requestedAt,
        machine: homeIdOf(root) ?? null,
        repeated: caller.repeated === true,
        cwd,
        umask: caller.umask ?? 0o022,
        environment: caller.env ?? {},
        processLimits: limitsOf(caller),
        batch: flags.concurrency === undefined ? null : { id: requestId, limit: flags.concurrency }
      } satisfies Origin
    })
  })
)
