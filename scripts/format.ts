// Writes every source file as the formatter lays it out.
import { report, step } from "./step.ts"
import { install } from "./workspace.ts"

install()
const outcome = await step("format", ["node_modules/oxfmt/bin/oxfmt"])
report(outcome)
process.exitCode = outcome.ok ? 0 : 1
