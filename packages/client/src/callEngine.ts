/** Calls the engine of a home; starts one when there is none. The hot path loads nothing but this file. */
import { callPath, handoverHeader, socketName } from "@backbeat/contract/protocol"
import { onceOnlyNames } from "@backbeat/contract/names"
import type { Place } from "./Home.ts"
import { unreachable } from "./Unreachable.ts"

/** A call as it goes over the socket, before it is text. */
export interface OutgoingCall {
  readonly operation: string
  readonly payload: string | null
  readonly argv?: ReadonlyArray<string>
  readonly flags: Readonly<Record<string, unknown>>
  readonly caller: Readonly<Record<string, unknown>>
}

/** Where to call, and what to start when nobody is there; without it a missing engine is null. */
export interface Target extends Place {
  readonly engineCommand: ReadonlyArray<string> | null
}

/** Linux takes 107 bytes for the path of a socket, macOS 103. A longer one is reached from inside of the home. */
const socketPathMaxBytes = 103
const giveUpAfterMs = 20_000

const codeOf = (thrown: unknown): string =>
  typeof thrown === "object" && thrown !== null && "code" in thrown ? String(thrown.code) : ""

const absent = new Set(["ENOENT", "ECONNREFUSED", "ConnectionRefused", "FailedToOpenSocket", "ENOTDIR"])
const forbidden = new Set(["EPERM", "EACCES"])

const socketOf = (root: string): string => {
  const path = `${root}/${socketName}`
  if (Buffer.byteLength(path) <= socketPathMaxBytes) return path
  try {
    process.chdir(root)
  } catch {
    // The home is not there yet: so is the socket, and the engine makes both.
  }
  return socketName
}

const post = (root: string, body: string): Promise<Response> =>
  fetch(`http://engine${callPath}`, { method: "POST", body, unix: socketOf(root), signal: null })

/** What one try came to: an answer, nobody there, or a connection that broke in the middle. */
type Try = Response | "absent" | "handover" | "broken"

const tryOnce = async (root: string, body: string): Promise<Try> => {
  try {
    const response = await post(root, body)
    return response.headers.has(handoverHeader) ? "handover" : response
  } catch (thrown) {
    const code = codeOf(thrown)
    if (absent.has(code)) return "absent"
    if (forbidden.has(code)) {
      throw unreachable(
        `the engine's socket cannot be used (${code})`,
        "A sandbox may forbid sockets: use the MCP server instead, which runs outside of it; or check the home's permissions.",
        { home: root, code }
      )
    }
    return "broken"
  }
}

/** Calls. A broken connection is repeated under the same request id, but for what may be done only once. Throws Unreachable. */
export const callEngine = async (target: Target, call: OutgoingCall): Promise<Response | null> => {
  const { root, engineCommand } = target
  let body = JSON.stringify(call)
  let got = await tryOnce(root, body)
  for (const giveUpAt = performance.now() + giveUpAfterMs; performance.now() < giveUpAt; ) {
    if (typeof got === "object") return got
    if (engineCommand === null && got === "absent") return null
    if (got === "broken" && onceOnlyNames.includes(call.operation)) {
      throw unreachable(`the engine ended during ${call.operation}`, "It may have been done: look before you call again.", { home: root })
    }
    if (got !== "absent") body = JSON.stringify({ ...call, caller: { ...call.caller, repeated: true } })
    if (engineCommand !== null) {
      const { bringUp } = await import("./bringUp.ts")
      await bringUp(engineCommand, target)
    }
    got = await tryOnce(root, body)
  }
  throw unreachable("no engine answered within 20 seconds", `See ${root}/engine.log, or run doctor.`, { home: root })
}
