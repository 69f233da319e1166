/** The environment of a task, kept in a 0600 file because a later attempt needs it: in its folder, as a link to the one file of all that have the same. Nowhere else. */
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
 * What a calling agent puts into its shells to mark its own session: not meant for what it starts, and partly secret.
 * Configuration such as CLAUDE_CONFIG_DIR is not among them.
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

/** The caller's environment without the marks of the caller's own session, then the variables given for the task. */
export const inheritEnvironment = (callers: Variables, given: Variables): Variables => ({
  ...Object.fromEntries(
    Object.entries(callers).filter(([name]) => !callerSessionVariables.has(name))
  ),
  ...given
})

const currentName = "environment.json"

/** Where the environment of a task is kept. */
export const environmentPath = (root: string, id: string): string =>
  join(taskDir(root, id), currentName)

/** What a task becomes known by that is stored: its id, and the request that gave it its specification. */
interface EnvironmentKey {
  readonly id: string
  readonly owner: { readonly requestId?: string }
}

/** Where the environment of a task that is there already waits until the request that brought it is stored with the task. */
const pendingName = (requestId: string): string => `environment.${requestId}.json`

const pendingPath = (root: string, id: string, requestId: string): string =>
  join(taskDir(root, id), pendingName(requestId))

/** Keeps the environment that a request brings. Until that is stored with the task, the task has the one that it had. Throws what the file system throws. */
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

/** What takes back what `keepEnvironment` is about to do. Never throws. */
export const environmentRollback = (root: string, id: string, requestId: string): (() => void) => {
  const dir = taskDir(root, id)
  const path = existsSync(dir) ? pendingPath(root, id, requestId) : dir
  return () => {
    try {
      rmSync(path, { recursive: true, force: true })
      removeUnshared(environmentsDir(root))
    } catch {
      // What stays belongs to a request that was not stored: nobody reads it.
    }
  }
}

/** The last one read, and what its file was then: tasks that start one after the other share it. */
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

/** Gives a task the environment that its request brought, for good. */
const promotePending = (root: string, { id, owner: { requestId } }: EnvironmentKey): void => {
  if (requestId === undefined) return
  const path = pendingPath(root, id, requestId)
  if (!existsSync(path)) return
  renameSync(path, environmentPath(root, id))
  // Two names of one file both stay. Source: rename(2).
  rmSync(path, { force: true })
  removeUnshared(environmentsDir(root))
}

/** The kept environment, or null when it was forgotten or never kept. */
export const readEnvironment = (root: string, task: EnvironmentKey): Variables | null => {
  try {
    promotePending(root, task)
    return read(environmentPath(root, task.id))
  } catch {
    return null
  }
}

/** Whether a file of a task's folder has this name because it keeps an environment. */
export const isEnvironmentFile = (name: string): boolean => name.startsWith("environment.")

/** Whether a file of a task's folder keeps the environment of a request that is not stored with the task. */
export const isOrphanedEnvironmentFile = (
  name: string,
  { owner: { requestId } }: EnvironmentKey
): boolean =>
  isEnvironmentFile(name) &&
  name !== currentName &&
  (requestId === undefined || name !== pendingName(requestId))

/** Deletes the kept environment, and what waited to become it. */
export const deleteEnvironment = (root: string, id: string): void => {
  for (const name of existsSync(taskDir(root, id)) ? readdirSync(taskDir(root, id)) : []) {
    if (isEnvironmentFile(name)) rmSync(join(taskDir(root, id), name), { force: true })
  }
  removeUnshared(environmentsDir(root))
}
