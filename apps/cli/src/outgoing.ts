/** Converts the command line into the request for the engine. */
import type { OutgoingCall, Target } from "@backbeat/client/callEngine"
import { findHome } from "@backbeat/client/Home"
import { entryRowOf } from "@backbeat/contract/names"
import { payloadMaxBytes } from "@backbeat/contract/protocol"
import type { TypedCall } from "./commandLine.ts"
import { isForPeople } from "./format.ts"
import { onTerminal } from "./terminal.ts"
import { version } from "./version.ts"

const sourceOf = (payload: string | null): Pick<OutgoingCall, "payloadFrom"> => {
  if (payload === "-") return { payloadFrom: "stdin" }
  return payload?.startsWith("@") === true ? { payloadFrom: "file" } : {}
}

/** The payload cannot be read. */
export class PayloadUnreadable extends Error {
  override readonly name = "PayloadUnreadable"
}

/** The command of this program: one file if compiled, otherwise Bun with the entry. */
export const selfCommand = (): ReadonlyArray<string> =>
  Bun.main.startsWith("/$bunfs/") ? [process.execPath] : [process.execPath, Bun.main]

/**
 * How long a call without data waits before it checks the engine (BACKBEAT_SILENT_MS), for callers
 * that cannot wait.
 */
const silentMsOf = (text: string | undefined): { readonly silentMs?: number } =>
  Number(text) > 0 ? { silentMs: Number(text) } : {}

/**
 * Whether a private folder of the caller has a database. Then an engine creates nothing there and
 * changes no mode.
 */
export const isExistingHome = async (root: string): Promise<boolean> => {
  const { statSync } = await import("node:fs")
  try {
    const { mode, uid } = statSync(root)
    return (
      uid === process.getuid?.() && (mode & 0o077) === 0 && statSync(`${root}/backbeat.db`).size > 0
    )
  } catch {
    return false
  }
}

/** Whether a call may start an engine: a call that only reads does not create a home. */
const startsEngine = async (operation: string, root: string): Promise<boolean> => {
  const engine = entryRowOf(operation)?.engine
  return engine === "prefers" ? isExistingHome(root) : engine !== "uses"
}

/** The home of the call, and the command that starts its engine. */
export const targetOf = async ({ operation, home }: TypedCall): Promise<Target> => {
  const place = findHome(home, process.env)
  const engineCommand = (await startsEngine(operation, place.root))
    ? [...selfCommand(), "engine-role"]
    : null
  return { ...place, ...silentMsOf(process.env["BACKBEAT_SILENT_MS"]), engineCommand }
}

const readPayload = async (payload: string | null): Promise<string | null> => {
  if (payload === null || (payload !== "-" && !payload.startsWith("@"))) return payload
  const file = payload === "-" ? Bun.stdin : Bun.file(payload.slice(1))
  const name = payload === "-" ? "stdin" : payload.slice(1)
  try {
    const { decodeUtf8 } = await import("./decodeUtf8.ts")
    const text = decodeUtf8(await file.bytes(), "it")
    // The engine would reject an endless file too; here it is not even sent.
    if (text.length > payloadMaxBytes) throw new Error(`it is larger than ${payloadMaxBytes} bytes`)
    return text.trim() === "" ? "{}" : text
  } catch (thrown) {
    throw new PayloadUnreadable(
      `the payload cannot be read from ${name}: ${thrown instanceof Error ? thrown.message : String(thrown)}`
    )
  }
}

/** Rejects arguments that are not UTF-8: the runtime has changed their text. */
const rejectInvalidArguments = async (args: ReadonlyArray<string>): Promise<void> => {
  if (!args.some((each) => each.includes("\uFFFD"))) return
  const { checkArguments } = await import("./decodeUtf8.ts")
  try {
    checkArguments(args)
  } catch (thrown) {
    throw new PayloadUnreadable(thrown instanceof Error ? thrown.message : String(thrown))
  }
}

/** The working directory; empty if it was deleted. Calls that need it are rejected. */
const workingDirectory = (): string => {
  try {
    return process.cwd()
  } catch {
    return ""
  }
}

const sessionOf = (environment: NodeJS.ProcessEnv): string | undefined =>
  environment["CLAUDE_CODE_SESSION_ID"] ??
  environment["CODEX_THREAD_ID"] ??
  environment["CODEX_SESSION_ID"] ??
  environment["OPENCODE_SESSION_ID"]

/** The task that makes the call, and its home: the engine checks whether that is its own. */
const insideOf = (environment: NodeJS.ProcessEnv) => {
  const {
    BACKBEAT_TASK_ID: taskId,
    BACKBEAT_HOME_ID: taskHomeId,
    BACKBEAT_HOME: taskHome
  } = environment
  if (taskId === undefined || (taskHomeId ?? taskHome) === undefined) return {}
  return { taskId, ...(taskHomeId === undefined ? { taskHome } : { taskHomeId }) }
}

const callerOf = (operation: string) => {
  const environment = process.env
  const sessionId = sessionOf(environment)
  return {
    client: "cli",
    version,
    cwd: workingDirectory(),
    pid: process.pid,
    umask: process.umask(),
    requestId: crypto.randomUUID(),
    requestedAt: Date.now(),
    ...(sessionId === undefined ? {} : { sessionId }),
    ...insideOf(environment),
    ...(entryRowOf(operation)?.environment === true ? { env: environment } : {})
  }
}

/** The settings for text for people. */
const humanFlags = async () => ({
  human: true,
  zone: new Intl.DateTimeFormat().resolvedOptions().timeZone,
  ...((await onTerminal()) && process.env["NO_COLOR"] === undefined ? { color: true } : {})
})

/** Builds the request. Throws PayloadUnreadable. */
export const outgoing = async (line: TypedCall): Promise<OutgoingCall> => {
  const { operation, argv, flags } = line
  await rejectInvalidArguments(process.argv.slice(2))
  const human = await isForPeople()
  const payload = await readPayload(line.payload)
  return {
    operation,
    payload,
    ...sourceOf(line.payload),
    ...(argv === null ? {} : { argv }),
    flags: {
      ...flags,
      pretty: line.pretty,
      ...(human || flags["human"] === true ? await humanFlags() : {})
    },
    caller: callerOf(operation)
  }
}
