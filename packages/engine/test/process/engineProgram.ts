/**
 * A small engine for tests, in a process of its own: `open <dir> <stdin kind> <command> args...` starts an attempt and
 * dies by SIGKILL right after the spawn; `remains <dir>` prints the pids that it finds for the mark in its environment; `short <dir>`
 * opens an attempt with 0, 1, 2 and more descriptors left, each in its own folder, and prints what came of each.
 */
import * as Effect from "effect/Effect"
import { closeSync, openSync } from "node:fs"
import { join } from "node:path"
import { look } from "../../src/process/look.ts"
import { openAttempt } from "../../src/process/openAttempt.ts"

const [mode, dir = "", stdin, ...argv] = process.argv.slice(2)
const env = Object.fromEntries(
  Object.entries(process.env).map(([name, value]) => [name, value ?? ""])
)
if (mode === "remains") {
  const mark = {
    taskId: env["BACKBEAT_TASK_ID"] ?? "",
    attempt: Number(env["BACKBEAT_ATTEMPT"]),
    home: env["BACKBEAT_HOME"] ?? ""
  }
  const left = await Effect.runPromise(look({ dir, mark }))
  console.log(JSON.stringify({ self: process.pid, found: left.map((each) => each.identity.pid) }))
} else if (mode === "short") {
  const kinds: Array<string> = []
  for (let left = 0; kinds.at(-1) !== "opened"; left++) {
    const held: Array<number> = []
    try {
      for (;;) held.push(openSync("/dev/null", "r"))
    } catch {
      // No descriptor is left.
    }
    for (const fd of held.splice(0, left)) closeSync(fd)
    kinds.push(
      openAttempt({
        dir: join(dir, String(left)),
        argv: ["/bin/sh", "-c", "exit 0"],
        cwd: "/",
        env,
        stdin: { kind: "null" },
        onExit: () => {}
      }).kind
    )
    for (const fd of held) closeSync(fd)
  }
  console.log(JSON.stringify(kinds))
} else {
  const opened = openAttempt({
    dir,
    argv,
    cwd: "/",
    env,
    stdin: { kind: stdin === "open" ? "open" : "null" },
    onExit: () => {}
  })
  if (opened.kind !== "opened") throw new Error(JSON.stringify(opened))
  process.kill(process.pid, "SIGKILL")
}
