// The inner loop, in seconds: format, types, fences, and suppressions without a reason.
import { report, step } from "./step.ts"
import type { Outcome } from "./step.ts"
import { install } from "./workspace.ts"

/** Runs the checks that need no build, all at once. */
export const check = (): Promise<ReadonlyArray<Outcome>> =>
  Promise.all([
    step("format", ["node_modules/oxfmt/bin/oxfmt", "--check"]),
    step("types", [
      "node_modules/typescript/bin/tsc",
      "--noEmit",
      "--incremental",
      "--tsBuildInfoFile",
      "node_modules/.cache/types.tsbuildinfo",
      "-p",
      "."
    ]),
    step("fences", ["node_modules/oxlint/bin/oxlint", "--deny-warnings"]),
    step("floors", ["scripts/floors.ts"]),
    step("suppressions", ["scripts/suppressions.ts"])
  ])

if (import.meta.main) {
  install()
  const outcomes = await check()
  outcomes.forEach(report)
  process.exitCode = outcomes.every((outcome) => outcome.ok) ? 0 : 1
}
