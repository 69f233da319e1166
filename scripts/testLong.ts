// All tests with their bounds as their cases say them, for an hour or so: what takes more than seconds is scaled down in `verify`.
// Arguments choose packages by a part of their path, as for `bun run test`.
import { build } from "./build.ts"
import { runTests } from "./test.ts"
import { install } from "./workspace.ts"

install()
const { ok, output } = build()
console.log(output)
process.env["BACKBEAT_LONG"] = "1"
const tally = await runTests(process.argv.slice(2))
console.log(`${tally.passed} passed, ${tally.failed + (ok ? 0 : 1)} failed`)
process.exitCode = ok && tally.failed === 0 ? 0 : 1
