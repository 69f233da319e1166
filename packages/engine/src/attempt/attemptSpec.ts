/**
 * From a task to the attempt that `process/` opens: argument vector, environment with markers,
 * standard input.
 */
import type { AgentCall } from "@backbeat/agents/Agent"
import type { Task } from "@backbeat/core/task/Task"
import type { Stdin } from "@backbeat/core/task/TaskSpec"
import { mkdirSync, writeFileSync } from "../system/files.ts"
import { dirname, isAbsolute, join, resolve } from "node:path"
import { attemptDir } from "../home/Home.ts"
import { homeIdOf, homeVariables } from "../home/homeId.ts"
import { readEnvironment } from "../home/TaskEnvironment.ts"
import type { AttemptSpec, StdinSource } from "../process/openAttempt.ts"
import type { AttemptTree } from "../process/remains.ts"

/** Identifies the processes of one attempt by its folder and marker. */
export const attemptTree = (root: string, taskId: string, attempt: number): AttemptTree => ({
  dir: attemptDir(root, taskId, attempt),
  mark: { taskId, attempt, home: root, homeId: homeIdOf(root) }
})

/** Identifies the processes of a task's current attempt. */
export const treeOf = (root: string, task: Task, attempt = task.state.attempt): AttemptTree =>
  attemptTree(root, task.id, attempt)

/** Writes a text to a file of the attempt. */
const textFile = (dir: string, name: string, text: string): string => {
  const path = join(dir, name)
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  writeFileSync(path, text, { mode: 0o600 })
  return path
}

const stdinOf = (stdin: Stdin, dir: string, cwd: string): StdinSource => {
  switch (stdin.kind) {
    case "null":
      return { kind: "null" }
    case "open":
      return { kind: "open" }
    case "file":
      return { kind: "file", path: isAbsolute(stdin.path) ? stdin.path : resolve(cwd, stdin.path) }
    case "text":
      return { kind: "file", path: textFile(dir, "stdin.txt", stdin.text) }
  }
}

/** The program and its input. `call` has both for an agent. */
const programOf = (task: Task, dir: string, call: AgentCall | null) => {
  const { work, cwd, stdin } = task.spec
  if (call !== null) {
    for (const { path, text } of call.files) textFile(dir, path, text)
    return { argv: call.argv, stdin: stdinOf({ kind: "text", text: call.stdin }, dir, cwd) }
  }
  switch (work.kind) {
    case "command":
      return { argv: [work.command, ...work.args], stdin: stdinOf(stdin, dir, cwd) }
    case "script":
      return { argv: [], script: work.script, stdin: stdinOf(stdin, dir, cwd) }
    case "prompt":
      throw new Error(`agent ${work.agent} is unknown`)
  }
}

/**
 * The attempt to open, or null if the stored environment is missing. `call` is that of an agent.
 * Throws errors of the file system.
 */
export const attemptSpec = (
  root: string,
  task: Task,
  call: AgentCall | null
): Omit<AttemptSpec, "onExit"> | null => {
  const stored = readEnvironment(root, task)
  if (stored === null) return null
  const { dir } = treeOf(root, task)
  const { cwd, umask, processLimits } = task.spec
  const env = {
    ...stored,
    ...call?.env,
    ...task.lineage.source?.variables,
    ...homeVariables(root),
    BACKBEAT_TASK_ID: task.id,
    BACKBEAT_ATTEMPT: String(task.state.attempt)
  }
  return { dir, cwd, env, umask, limits: processLimits, ...programOf(task, dir, call) }
}
