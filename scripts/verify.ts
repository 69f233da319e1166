// What CI runs: format, types, fences, suppressions, unused code, the build and every test. All of it runs, whatever fails.
// The last line adds up all test runs; a step before the tests that fails counts as one failure.
import { check } from "./check.ts"
import { report, step } from "./step.ts"
import { runTests } from "./test.ts"
import { install } from "./workspace.ts"

install()
const startedAt = performance.now()
const outcomes = [...(await check()), await step("unused", ["node_modules/knip/bin/knip.js"])]
outcomes.push(await step("build", ["scripts/build.ts"]))
outcomes.forEach(report)
const tally = await runTests([])
const failedSteps = outcomes.filter((outcome) => !outcome.ok)
console.log(
  `\nverified in ${((performance.now() - startedAt) / 1000).toFixed(0)} s${failedSteps.map(({ name }) => `; ${name} failed`).join("")}`
)
console.log(`${tally.passed} passed, ${tally.failed + failedSteps.length} failed`)
process.exitCode = tally.failed + failedSteps.length === 0 ? 0 : 1
