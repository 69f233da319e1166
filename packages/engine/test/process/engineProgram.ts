/**
 * A small engine for tests, in a process of its own: `open <dir> <stdin kind> <command> args...` starts an attempt and
 * dies by SIGKILL right after the spawn; `remains <dir>` prints the pids that it finds for the mark in its environment.
 */
import * as Effect from "effect/Effect"
import { look } from "../../src/process/look.ts"
import { openAttempt } from "../../src/process/openAttempt.ts"

const [mode, dir = "", stdin, ...argv] = process.argv.slice(2)
const env = Object.fromEntries(Object.entries(process.env).map(([name, value]) => [name, value ?? ""]))
if (mode === "remains") {
  const mark = { taskId: env["BACKBEAT_TASK_ID"] ?? "", attempt: Number(env["BACKBEAT_ATTEMPT"]), home: env["BACKBEAT_HOME"] ?? "" }
  const left = await Effect.runPromise(look({ dir, mark }))
  console.log(JSON.stringify({ self: process.pid, found: left.map((each) => each.identity.pid) }))
} else {
  const opened = openAttempt({ dir, argv, cwd: "/", env, stdin: { kind: stdin === "open" ? "open" : "null" }, onExit: () => {} })
  if (opened.kind !== "opened") throw new Error(JSON.stringify(opened))
  process.kill(process.pid, "SIGKILL")
}
