/** From a task to what the process room starts: argument vector, environment with its marks, standard input. */
import type { Task } from "@backbeat/core/task/Task"
import type { Stdin } from "@backbeat/core/task/TaskSpec"
import { mkdirSync, writeFileSync } from "node:fs"
import { isAbsolute, join, resolve } from "node:path"
import { attemptDir } from "../home/Home.ts"
import { readEnvironment } from "../home/KeptEnvironment.ts"
import type { AttemptSpec, StdinSource } from "../process/openAttempt.ts"
import type { AttemptTree } from "../process/remains.ts"

/** The processes of a task's current attempt, found by folder and mark. */
export const treeOf = (root: string, task: Task, attempt = task.state.attempt): AttemptTree => ({
  dir: attemptDir(root, task.id, attempt),
  mark: { taskId: task.id, attempt, home: root }
})

const stdinOf = (stdin: Stdin, dir: string, cwd: string): StdinSource => {
  switch (stdin.kind) {
    case "null":
      return { kind: "null" }
    case "open":
      return { kind: "open" }
    case "file":
      return { kind: "file", path: isAbsolute(stdin.path) ? stdin.path : resolve(cwd, stdin.path) }
    case "text": {
      const path = join(dir, "stdin.txt")
      mkdirSync(dir, { recursive: true, mode: 0o700 })
      writeFileSync(path, stdin.text, { mode: 0o600 })
      return { kind: "file", path }
    }
  }
}

/** The attempt to open, or null when the kept environment is gone. Throws what the file system throws. */
export const attemptSpec = (root: string, task: Task): Omit<AttemptSpec, "onExit"> | null => {
  const kept = readEnvironment(root, task.id)
  if (kept === null) return null
  const { dir } = treeOf(root, task)
  const { work, cwd, umask } = task.spec
  const env = {
    ...kept,
    BACKBEAT_HOME: root,
    BACKBEAT_TASK_ID: task.id,
    BACKBEAT_ATTEMPT: String(task.state.attempt)
  }
  const stdin = stdinOf(task.spec.stdin, dir, cwd)
  return work.kind === "script"
    ? { dir, argv: [], script: work.script, cwd, env, stdin, umask }
    : { dir, argv: [work.command, ...work.args], cwd, env, stdin, umask }
}
