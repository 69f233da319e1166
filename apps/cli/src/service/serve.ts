/** Does `serve`: the engine of a home in the foreground. */
import { callEngine } from "@backbeat/client/callEngine"
import type { HomePaths } from "@backbeat/client/Home"
import { type Problem, problem } from "@backbeat/contract/Problem"
import type { Output } from "@backbeat/contract/table"
import * as Result from "effect/Result"
import { engineMain } from "../engineMain.ts"
import { version } from "../version.ts"

/** How often an engine that runs already is asked for the home. Each time a call of others may have started the next one. */
const tries = 10

const stopOther = async (place: HomePaths): Promise<void> => {
  await callEngine(
    { ...place, engineCommand: null },
    {
      operation: "engine stop",
      payload: "{}",
      flags: {},
      caller: {
        client: "cli",
        version,
        cwd: "/",
        pid: process.pid,
        umask: process.umask(),
        requestId: crypto.randomUUID(),
        requestedAt: Date.now()
      }
    }
  )
}

/** Serves until it is stopped. An engine that runs already hands over its tasks, and exits. Fails with EngineUnreachable. */
export const serve = async (place: HomePaths): Promise<Result.Result<Output<"serve">, Problem>> => {
  for (let turn = 0; turn < tries; turn++) {
    const began = await engineMain(place, { inForeground: true })
    if (began === "served") return Result.succeed({ home: place.root })
    if (began !== "elsewhere") return Result.fail(began)
    await stopOther(place)
  }
  return Result.fail(
    problem(
      "EngineUnreachable",
      `another engine of ${place.root} starts again and again`,
      "Find out what else runs `backbeat serve` for this home.",
      { home: place.root }
    )
  )
}
