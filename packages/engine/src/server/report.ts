/** Writes a defect of backbeat to a report file, and returns InternalError. */
import { type Problem, problem } from "@backbeat/contract/Problem"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { reportDir, reportName } from "../home/Home.ts"
import { errorMessage } from "../process/thrown.ts"

const textOf = (defect: unknown): string =>
  defect instanceof Error ? (defect.stack ?? defect.message) : String(defect)

/** Writes a report. It does not contain the payload, which may have secrets. */
export const reportDefect = (
  root: string,
  command: string,
  defect: unknown
): Effect.Effect<Problem> =>
  Effect.gen(function* () {
    yield* Effect.logError(`defect in ${command}`, defect)
    const now = yield* Clock.currentTimeMillis
    const path = join(reportDir(root), reportName(now))
    const written = yield* Effect.sync(() => {
      try {
        mkdirSync(reportDir(root), { recursive: true, mode: 0o700 })
        writeFileSync(path, `${command}\n${textOf(defect)}\n`, { mode: 0o600 })
        return path
      } catch {
        return null
      }
    })
    return problem(
      "InternalError",
      `defect of backbeat: ${errorMessage(defect)}`,
      "Please report it with the file in details.report.",
      {
        report: written
      }
    )
  })
