/**
 * A small engine for tests, in a process of its own: `open <dir> <stdin kind> <command> args...` starts an attempt and
 * dies by SIGKILL right after the spawn; `remains <dir>` prints the pids that it finds for the mark in its environment.
 */
import { openAttempt } from "../../src/process/openAttempt.ts"
import { remains } from "../../src/process/remains.ts"

const [mode, dir = "", stdin, ...argv] = process.argv.slice(2)
const env = Object.fromEntries(Object.entries(process.env).map(([name, value]) => [name, value ?? ""]))
if (mode === "remains") {
  const mark = { taskId: env["BACKBEAT_TASK_ID"] ?? "", attempt: Number(env["BACKBEAT_ATTEMPT"]), home: env["BACKBEAT_HOME"] ?? "" }
  console.log(JSON.stringify({ self: process.pid, found: remains({ dir, mark }).map((each) => each.identity.pid) }))
} else {
  const opened = openAttempt({ dir, argv, cwd: "/", env, stdin: { kind: stdin === "open" ? "open" : "null" }, onExit: () => {} })
  if (opened.kind !== "opened") throw new Error(JSON.stringify(opened))
  process.kill(process.pid, "SIGKILL")
}
