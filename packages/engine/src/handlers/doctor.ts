/** Answers `doctor` in an engine. */
import * as operations from "@backbeat/contract/operation/discover"
import { TaskStore } from "@backbeat/store/TaskStore"
import * as Effect from "effect/Effect"
import { inspectAgents } from "../agent/inspectAgents.ts"
import { Home } from "../home/Home.ts"
import { Settings } from "../home/Settings.ts"
import { handle, toProblem } from "./Call.ts"
import { check, checkAgents, checkClock, checkConfiguration, checkDisk, checkHome, checkSocket, checkTracking, checkWatches, concludeChecks } from "./checks.ts"

/** The handler of `doctor`. */
export const makeDoctorHandler = Effect.gen(function* () {
  const { root, version } = yield* Home
  const store = yield* TaskStore
  const settings = yield* Settings
  return handle(operations.doctor, (_, { caller }) =>
    Effect.gen(function* () {
      const intact = yield* Effect.mapError(store.check, toProblem(""))
      const agents = yield* inspectAgents(settings.current(), caller.env ?? {})
      return concludeChecks([
        checkHome(root),
        checkDisk(root),
        checkSocket(root),
        intact.ok ? check("store", "ok", intact.message) : check("store", "fail", intact.message, "Restore it from a backup, or move it away to begin anew."),
        check("engine", "ok", `version ${version}, pid ${process.pid}`),
        ...checkConfiguration(settings.resolved()),
        checkWatches(root),
        checkClock(),
        checkTracking(),
        ...checkAgents(agents)
      ])
    })
  )
})
