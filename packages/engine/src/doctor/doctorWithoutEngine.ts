/**
 * Answers `doctor` when no engine runs and none can or should start, for example because the home
 * does not exist. Changes nothing.
 */
import { commandLine } from "@backbeat/contract/surface/commandLine"
import { flagOf, type Hint, sentence } from "@backbeat/contract/Text"
import { messageOf } from "@backbeat/contract/Envelope"
import type { Output } from "@backbeat/contract/table"
import * as Effect from "effect/Effect"
import { existsSync } from "node:fs"
import { dirname } from "node:path"
import { inspectAgents } from "../agent/inspectAgents.ts"
import { databasePath } from "../home/Home.ts"
import { judgeFolder, type Judging } from "../configuration/judgeFolder.ts"
import type { Variables } from "../home/TaskEnvironment.ts"
import { readConfiguration } from "../configuration/Settings.ts"
import { errorMessage } from "../process/thrown.ts"
import {
  type Check,
  check,
  checkAgents,
  checkClock,
  checkConfiguration,
  checkDisk,
  checkIgnored,
  checkHome,
  checkLock,
  checkSocket,
  checkTracking,
  concludeChecks
} from "./checks.ts"

const checkFolder = async (root: string, judging: Judging): Promise<Check> => {
  try {
    const verdict = await judgeFolder(root, judging)
    if (verdict.kind === "absent")
      return check("home", "ok", `${root} does not exist yet; the first task creates it`)
    if (verdict.kind === "home") return checkHome(root)
    return check("home", "fail", messageOf(verdict.problem), verdict.problem.hint)
  } catch (thrown) {
    return check(
      "home",
      "fail",
      `the home ${root} cannot be used: ${errorMessage(thrown)}`,
      sentence`Check its permissions and the disk, or use another with ${flagOf("home")} or BACKBEAT_HOME.`
    )
  }
}

/** The folder, or its nearest existing ancestor. */
const nearestFolder = (path: string): string =>
  existsSync(path) || path === "/" ? path : nearestFolder(dirname(path))

const checkStore = (root: string): Check =>
  existsSync(databasePath(root))
    ? check(
        "store",
        "warn",
        "not checked, because no engine runs",
        "Fix the problems of the home first."
      )
    : check("store", "ok", "it does not exist yet")

/** Why no engine could be started, and what to do. */
interface Refusal {
  readonly message: string
  readonly hint: Hint
}

/** The answer for the environment of the caller; `refusal` if an engine failed to start. */
export const doctorWithoutEngine = async (
  place: { readonly root: string; readonly configPath: string },
  judging: Judging,
  env: Variables,
  refusal: Refusal | null
): Promise<Output<"doctor">> => {
  const { root, configPath } = place
  const resolved = readConfiguration(configPath, env)
  const agents = await Effect.runPromise(inspectAgents(resolved.config, env))
  return concludeChecks(
    [
      await checkFolder(root, judging),
      checkDisk(nearestFolder(root)),
      checkSocket(root),
      checkStore(root),
      ...[checkLock(root)].filter((each) => each !== null),
      refusal === null
        ? check("engine", "ok", "no engine runs")
        : check("engine", "fail", `no engine can start: ${refusal.message}`, refusal.hint),
      ...checkConfiguration(resolved, configPath),
      ...checkIgnored(resolved.ignored),
      checkClock(),
      checkTracking(),
      ...checkAgents(agents)
    ],
    commandLine
  )
}
