/** The environment of a task, kept in a 0600 file of its folder because a later attempt needs it. Nowhere else. */
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { taskDir } from "./Home.ts"

/** Names and values of environment variables. */
export type Variables = Readonly<Record<string, string>>

const decode = Schema.decodeUnknownOption(Schema.fromJsonString(Schema.Record(Schema.String, Schema.String)))

/**
 * What a calling agent puts into its shells to mark its own session: not meant for what it starts, and partly secret.
 * Configuration such as CLAUDE_CONFIG_DIR is not among them.
 */
const sessionMarks = new Set([
  "CLAUDECODE",
  "CLAUDE_CODE_SESSION_ID",
  "CLAUDE_CODE_ENTRYPOINT",
  "CLAUDE_CODE_SSE_PORT",
  "CLAUDE_CODE_CHILD_SESSION",
  "CLAUDE_CODE_MESSAGING_SOCKET",
  "CLAUDE_CODE_MESSAGING_TOKEN",
  "CLAUDE_PID",
  "CODEX_THREAD_ID",
  "CODEX_SESSION_ID",
  "CODEX_SANDBOX_NETWORK_DISABLED",
  "OPENCODE",
  "OPENCODE_PID",
  "OPENCODE_SESSION_ID",
  "GEMINI_CLI",
  "AI_AGENT",
  "AGENT",
  "CODEX_CI"
])

/** The caller's environment without the marks of the caller's own session, then the variables given for the task. */
export const inherit = (callers: Variables, given: Variables): Variables => ({
  ...Object.fromEntries(Object.entries(callers).filter(([name]) => !sessionMarks.has(name))),
  ...given
})

const fileOf = (root: string, id: string): string => join(taskDir(root, id), "environment.json")

/** Keeps the environment of a task, replacing what was kept. Throws what the file system throws. */
export const keepEnvironment = (root: string, id: string, variables: Variables): void => {
  const dir = taskDir(root, id)
  const path = fileOf(root, id)
  const isNew = mkdirSync(dir, { recursive: true, mode: 0o700 }) !== undefined
  // What is half-written when the engine is killed belongs to no task yet, unless there was one before.
  const draft = isNew ? path : `${path}.draft`
  writeFileSync(draft, textOf(variables), { mode: 0o600 })
  if (!isNew) renameSync(draft, path)
}

/** What takes the task's folder back to what it is now, as far as its environment goes. Never throws. */
export const takesBackEnvironment = (root: string, id: string): (() => void) => {
  const dir = taskDir(root, id)
  const isNew = !existsSync(dir)
  const before = isNew ? null : readEnvironment(root, id)
  return () => {
    try {
      if (isNew) rmSync(dir, { recursive: true, force: true })
      else if (before === null) forgetEnvironment(root, id)
      else keepEnvironment(root, id, before)
    } catch {
      // The disk is full: what was written last stays. A restart of the task would use it.
    }
  }
}

/** The last one written or read: tasks that start one after the other have the same. */
let last: { readonly text: string; readonly variables: Variables } | null = null

const textOf = (variables: Variables): string => {
  const text = JSON.stringify(variables)
  if (last?.text !== text) last = { text, variables }
  return text
}

/** The kept environment, or null when it was forgotten or never kept. */
export const readEnvironment = (root: string, id: string): Variables | null => {
  try {
    const text = readFileSync(fileOf(root, id), "utf8")
    if (last?.text === text) return last.variables
    const variables = Option.getOrNull(decode(text))
    if (variables !== null) last = { text, variables }
    return variables
  } catch {
    return null
  }
}

/** Deletes the kept environment. */
export const forgetEnvironment = (root: string, id: string): void => {
  rmSync(fileOf(root, id), { force: true })
}
