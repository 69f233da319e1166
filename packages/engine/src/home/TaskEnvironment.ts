/**
 * Stores the environment of a task for later attempts, only in a 0600 file: in its folder, as a
 * link to one file for all tasks with the same environment.
 */
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from "../system/files.ts"
import { join } from "node:path"
import { environmentsDir, taskDir } from "./Home.ts"
import { ofProcess } from "../system/ofProcess.ts"
import { statIfThere } from "../process/statIfThere.ts"
import { readRegular } from "./regularFile.ts"
import { removeUnshared, writeShared } from "./sharedText.ts"

/** Names and values of environment variables. */
export type Variables = Readonly<Record<string, string>>

const decode = Schema.decodeUnknownOption(
  Schema.fromJsonString(Schema.Record(Schema.String, Schema.String))
)

/**
 * Variables that identify the calling agent's session. A task does not inherit them: they describe
 * another process, and some are secrets. Configuration such as CLAUDE_CONFIG_DIR is inherited.
 */
const callerSessionVariables = new Set([
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

/**
 * The caller's environment without its session variables, then the variables given for the task.
 */
export const inheritEnvironment = (callers: Variables, given: Variables): Variables => ({
  ...Object.fromEntries(
    Object.entries(callers).filter(([name]) => !callerSessionVariables.has(name))
  ),
  ...given
})

const currentName = "environment.json"

/** The file with the environment of a task. */
export const environmentPath = (root: string, id: string): string =>
  join(taskDir(root, id), currentName)

/** The key of a stored environment: the task, and the request that last set its specification. */
interface EnvironmentKey {
  readonly id: string
  readonly owner: { readonly requestId?: string }
}

/**
 * The file of an existing task's pending environment, until its request is committed with the task.
 */
const pendingName = (requestId: string): string => `environment.${requestId}.json`

const pendingPath = (root: string, id: string, requestId: string): string =>
  join(taskDir(root, id), pendingName(requestId))

/**
 * Stores the environment of a request. Until the request is committed with the task, the task keeps
 * its current environment. Throws errors of the file system.
 */
export const saveEnvironment = (
  root: string,
  id: string,
  requestId: string,
  variables: Variables
): void => {
  const isNew = mkdirSync(taskDir(root, id), { recursive: true, mode: 0o700 }) !== undefined
  const path = isNew ? environmentPath(root, id) : pendingPath(root, id, requestId)
  writeShared(environmentsDir(root), path, JSON.stringify(variables))
}

/** Returns the rollback of a `saveEnvironment` call; call this first. The rollback never throws. */
export const environmentRollback = (root: string, id: string, requestId: string): (() => void) => {
  const dir = taskDir(root, id)
  const path = existsSync(dir) ? pendingPath(root, id, requestId) : dir
  return () => {
    try {
      rmSync(path, { recursive: true, force: true })
      removeUnshared(environmentsDir(root))
    } catch {
      // A leftover file is harmless: its request was not committed, so nothing reads it.
    }
  }
}

/**
 * The last environment that was read, with the state of its file: tasks started one after the other
 * share it.
 */
const last = ofProcess(
  (): { ino: number; size: number; mtimeMs: number; variables: Variables | null } => ({
    ino: 0,
    size: 0,
    mtimeMs: 0,
    variables: null
  })
)

const read = (path: string): Variables | null => {
  const stat = statIfThere(path)
  if (stat === undefined) return null
  const { ino, mtimeMs, size, variables } = last()
  const isSame = ino === stat.ino && size === stat.size && mtimeMs === stat.mtimeMs
  if (isSame && variables !== null) return variables
  const found = Option.getOrNull(decode(readRegular(path)))
  Object.assign(last(), {
    ino: stat.ino,
    size: stat.size,
    mtimeMs: stat.mtimeMs,
    variables: found
  })
  return found
}

/** Makes the pending environment the current one. */
const promotePending = (root: string, { id, owner: { requestId } }: EnvironmentKey): void => {
  if (requestId === undefined) return
  const path = pendingPath(root, id, requestId)
  if (!existsSync(path)) return
  renameSync(path, environmentPath(root, id))
  // rename(2) keeps both names if they are the same file.
  rmSync(path, { force: true })
  removeUnshared(environmentsDir(root))
}

/** The stored environment, or null if it was deleted or never stored. */
export const readEnvironment = (root: string, task: EnvironmentKey): Variables | null => {
  try {
    promotePending(root, task)
    return read(environmentPath(root, task.id))
  } catch {
    return null
  }
}

/** Whether a file in a task's folder is an environment. */
export const isEnvironmentFile = (name: string): boolean => name.startsWith("environment.")

/** Whether a file is a pending environment whose request was not committed with the task. */
export const isOrphanedEnvironmentFile = (
  name: string,
  { owner: { requestId } }: EnvironmentKey
): boolean =>
  isEnvironmentFile(name) &&
  name !== currentName &&
  (requestId === undefined || name !== pendingName(requestId))

/** Deletes the stored and the pending environment. */
export const deleteEnvironment = (root: string, id: string): void => {
  for (const name of existsSync(taskDir(root, id)) ? readdirSync(taskDir(root, id)) : []) {
    if (isEnvironmentFile(name)) rmSync(join(taskDir(root, id), name), { force: true })
  }
  removeUnshared(environmentsDir(root))
}
