/** Answers `engine status` and `engine stop`. */
import * as operations from "@backbeat/contract/operation/administer"
import { TaskStore } from "@backbeat/store/TaskStore"
import * as Effect from "effect/Effect"
import { Home } from "../home/Home.ts"
import { Shutdown } from "../life/Shutdown.ts"
import { differencesFrom, ownInheritance } from "../process/inheritance.ts"
import { MonitoredAttempts } from "../attempt/MonitoredAttempts.ts"
import { type Call, type Handler, handle, toProblem } from "../call/Call.ts"
import { iso } from "../view/taskAnswer.ts"

const inheritanceOf = (caller: Call["caller"]) => {
  const own = ownInheritance()
  if (own === null) return {}
  const shown = [...own].filter(
    ([name, value]) => value !== "unlimited" && !name.endsWith(" namespace")
  )
  const differences = differencesFrom(caller)
  return {
    inherited: Object.fromEntries(shown),
    ...(differences.length === 0 ? {} : { differences })
  }
}

/** The handlers of `engine`. */
export const makeEngineHandlers = Effect.gen(function* () {
  const { root, version } = yield* Home
  const store = yield* TaskStore
  const monitored = yield* MonitoredAttempts
  const shutdown = yield* Shutdown
  const handlers: ReadonlyArray<Handler> = [
    handle(operations.engineStatus, (_, { caller }) =>
      Effect.map(Effect.mapError(store.counts, toProblem), (tasks) => ({
        running: true,
        home: root,
        version,
        pid: process.pid,
        startedAt: iso(Math.round(performance.timeOrigin)),
        tasks: { ...tasks },
        rssBytes: process.memoryUsage.rss(),
        ...inheritanceOf(caller)
      }))
    ),
    handle(operations.engineStop, () =>
      Effect.as(shutdown.request("asked by a caller"), {
        stopped: true,
        pid: process.pid,
        liveTasks: monitored.count()
      })
    )
  ]
  return handlers
})
