/** Answers `doctor` in an engine. */
import { CallerSurface } from "../call/written.ts"
import * as operations from "@backbeat/contract/operation/discover"
import { Disk } from "@backbeat/store/Disk"
import * as Effect from "effect/Effect"
import { inspectAgents } from "../agent/inspectAgents.ts"
import { Home } from "../home/Home.ts"
import { ignoredIn } from "../configuration/resolve.ts"
import { Settings } from "../configuration/Settings.ts"
import {
  describeOrphanedTasks,
  makeFindOrphanedTasks,
  type OrphanedTask
} from "../attempt/orphanedTasks.ts"
import { handle, toProblem } from "../call/Call.ts"
import {
  type Check,
  check,
  checkAgents,
  checkClock,
  checkConfiguration,
  checkDisk,
  checkIgnored,
  checkHome,
  checkInheritance,
  checkLog,
  checkSocket,
  checkTracking,
  checkWatches,
  concludeChecks
} from "../doctor/checks.ts"

const checkOrphanedTasks = (orphanedTasks: ReadonlyArray<OrphanedTask>): ReadonlyArray<Check> => {
  if (orphanedTasks.length === 0) return []
  const fix =
    "The database may have lost its last commits (its -wal was removed or truncated): restore a backup, or kill the live processes by their pids. If instead a prune was killed, the folders are removed after retentionDays."
  return [check("tasks", "warn", describeOrphanedTasks(orphanedTasks), fix)]
}

/** The handler of `doctor`. */
export const makeDoctorHandler = Effect.gen(function* () {
  const { root, configPath, version } = yield* Home
  const disk = yield* Disk
  const settings = yield* Settings
  const findOrphanedTasks = yield* makeFindOrphanedTasks
  return handle(operations.doctor, (_, { caller }) =>
    Effect.gen(function* () {
      const intact = yield* Effect.mapError(disk.check, toProblem)
      const agents = yield* inspectAgents(settings.current(), caller.env ?? {})
      const orphanedTasks = yield* Effect.mapError(findOrphanedTasks, toProblem)
      return concludeChecks(
        [
          checkHome(root),
          checkDisk(root),
          checkSocket(root),
          intact.ok
            ? check("store", "ok", intact.message)
            : check(
                "store",
                "fail",
                intact.message,
                "Restore a backup, or move the database away to start with an empty one."
              ),
          ...checkOrphanedTasks(orphanedTasks),
          checkInheritance(caller),
          ...[checkLog(root)].filter((each) => each !== null),
          check("engine", "ok", `version ${version}, pid ${process.pid}`),
          ...checkConfiguration(settings.resolved(), configPath),
          ...checkIgnored([...settings.resolved().ignored, ...ignoredIn(caller.env ?? {})]),
          checkWatches(root),
          checkClock(),
          checkTracking(),
          ...checkAgents(agents)
        ],
        yield* CallerSurface
      )
    })
  )
})
