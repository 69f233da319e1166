/** Calls the engine of a home; starts one when there is none. The hot path loads nothing but this file. */
import { callOf, flagOf, sentencesOf, sentence } from "@backbeat/contract/Text"
import { callPath, handoverHeader, socketName, streamType } from "@backbeat/contract/protocol"
import { attended, defaultSilentMs, type Silence } from "./attended.ts"
import type { Place } from "./Home.ts"
import { Unreachable, unreachable } from "./Unreachable.ts"

/** A call as it goes over the socket, before it is text. */
export interface OutgoingCall {
  readonly operation: string
  readonly payload: string | null
  readonly argv?: ReadonlyArray<string>
  readonly payloadFrom?: "file" | "stdin"
  readonly flags: Readonly<Record<string, unknown>>
  readonly caller: Readonly<Record<string, unknown>>
}

/** Where to call, and what to start when nobody is there; without it a missing engine is null. */
export interface Target extends Place {
  readonly engineCommand: ReadonlyArray<string> | null
  /** How long a call hears nothing before it asks whether the engine answers, in milliseconds; 5000 when absent. */
  readonly silentMs?: number
}

/** Linux takes 107 bytes for the path of a socket, macOS 103. A longer one is reached from inside of the home. */
const socketPathMaxBytes = 103
/** How long, in milliseconds, a call goes on without an engine. The time in which one works on it does not count. */
const giveUpAfterMs = 20_000

const codeOf = (thrown: unknown): string =>
  typeof thrown === "object" && thrown !== null && "code" in thrown ? String(thrown.code) : ""

const absent = new Set([
  "ENOENT",
  "ECONNREFUSED",
  "ConnectionRefused",
  "FailedToOpenSocket",
  "ENOTDIR"
])
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

/** Who made the socket; undefined when it is not there, or not to be seen: then the connection tells why. To load node:fs for it costs a call a millisecond. */
const ownerOf = async (socket: string): Promise<number | undefined> => {
  try {
    return (await Bun.file(socket).stat()).uid
  } catch {
    return undefined
  }
}

/** The socket to call. A call carries its caller's environment: in a home of somebody else it would go to whoever listens there. Throws Unreachable. */
const ownSocketOf = async (root: string): Promise<string> => {
  const socket = socketOf(root)
  const owner = await ownerOf(socket)
  if (owner !== undefined && owner !== process.getuid?.()) {
    throw unreachable(
      `the socket of the home ${root} belongs to user ${owner}`,
      [
        sentence`Use your own home: set ${flagOf("home")} or BACKBEAT_HOME.`,
        `If this home is yours, remove ${socketName} from it.`
      ],
      { home: root }
    )
  }
  return socket
}

/**
 * What one try came to: a whole answer or a stream, nobody there, a connection that broke in the middle, or an engine
 * that let go of the home, maybe to a `successor`: the version that takes over.
 */
type Try = Response | Lost
type Lost =
  | { readonly state: "absent" | "broken" }
  | { readonly state: "handover"; readonly successor: string }

/** A document is whole or it is asked for again; only frames are passed on as they come. */
const received = async (response: Response): Promise<Try> => {
  const successor = response.headers.get(handoverHeader)
  if (successor !== null) return { state: "handover", successor }
  return response.headers.get("content-type") === streamType
    ? response
    : new Response(await response.text(), response)
}

const send = async (unix: string, body: string): Promise<Try> =>
  received(await fetch(`http://engine${callPath}`, { method: "POST", body, unix, signal: null }))

/** Thrown when the engine has the call and stands still. */
class Unanswered extends Unreachable {}

/** How a call waits for an answer of the engine, from now on. */
export const silenceOf = (
  { root, silentMs = defaultSilentMs }: Target,
  { flags }: OutgoingCall
): Silence => {
  const { timeout } = flags
  return {
    root,
    unix: socketOf(root),
    silentMs,
    timeoutMs: typeof timeout === "number" ? timeout * 1000 : null,
    since: performance.now()
  }
}

const tryOnce = async (body: string, silence: Silence): Promise<Try> => {
  const { root } = silence
  const unix = await ownSocketOf(root)
  try {
    return await attended(send(unix, body), { ...silence, unix })
  } catch (thrown) {
    if (thrown instanceof Unreachable) throw new Unanswered(thrown.problem)
    const code = codeOf(thrown)
    if (absent.has(code)) return { state: "absent" }
    if (forbidden.has(code)) {
      throw unreachable(
        `the engine's socket cannot be used (${code})`,
        "A sandbox may block sockets: call from outside the sandbox, or check the permissions of the home.",
        { home: root, code }
      )
    }
    return { state: "broken" }
  }
}

/** A failure to reach an engine again; what the one before has done of a call that changes something is not known then. */
const afterSending = async (thrown: unknown, { operation }: OutgoingCall): Promise<unknown> => {
  const { findOperation } = await import("@backbeat/contract/table")
  if (!(thrown instanceof Unreachable) || findOperation(operation)?.readOnly === true) return thrown
  const { details, hint, message } = thrown.problem
  const done =
    thrown instanceof Unanswered
      ? "call was sent, and may still be executed when the engine continues"
      : "call had already been sent, and may have been executed"
  return unreachable(
    `${message}; the ${operation} ${done}`,
    [...sentencesOf(hint), "Check the state before you call again."],
    { ...details, sent: true }
  )
}

/** Ends when there may be an engine in the place of the one that is absent, broke or let go. Throws Unreachable. */
const replace = async (
  lost: Lost,
  engineCommand: ReadonlyArray<string>,
  place: Target,
  { caller, operation }: OutgoingCall
): Promise<void> => {
  const { root } = place
  const { awaitSuccessor, bringUp, isThere } = await import("./bringUp.ts")
  // An engine in a new home would know nothing of what this call is about.
  if (lost.state !== "absent" && !isThere(root)) {
    throw unreachable(
      `the home ${root} was removed or moved during ${operation}`,
      "Move it back, or call again to create a new home.",
      { home: root }
    )
  }
  const isYielded =
    lost.state === "handover" && lost.successor !== "" && lost.successor !== caller["version"]
  await (isYielded ? awaitSuccessor(root) : bringUp(engineCommand, place))
}

/** Whether a connection broke in the middle of the call. */
interface Course {
  sent: boolean
}

const callOn = async (
  target: Target,
  call: OutgoingCall,
  course: Course
): Promise<Response | null> => {
  const { root, engineCommand } = target
  const repeated = { ...call, caller: { ...call.caller, repeated: true } }
  const silence = silenceOf(target, call)
  let body = JSON.stringify(call)
  for (let withoutMs = 0; withoutMs < giveUpAfterMs;) {
    const got = await tryOnce(body, silence)
    if (got instanceof Response) return got
    if (engineCommand === null && got.state === "absent") return null
    if (got.state !== "absent") body = JSON.stringify(repeated)
    course.sent ||= got.state === "broken"
    const lostAt = performance.now()
    if (engineCommand !== null) await replace(got, engineCommand, target, call)
    withoutMs += Math.max(1, performance.now() - lostAt)
  }
  const { describeEngine, engineProcess } = await import("./engineProcess.ts")
  const engine = engineProcess(root)
  const holder =
    engine?.state === undefined || engine.state === null
      ? ""
      : `; the home is held by ${describeEngine(engine)}`
  throw unreachable(
    `no engine answered within 20 seconds${holder}`,
    sentence`Read ${root}/engine.log, or run ${callOf("doctor")}.`,
    { home: root }
  )
}

/** Calls. A broken connection is repeated under the same request id: the engine knows what has been done of it. Throws Unreachable. */
export const callEngine = async (target: Target, call: OutgoingCall): Promise<Response | null> => {
  const course: Course = { sent: false }
  try {
    return await callOn(target, call, course)
  } catch (thrown) {
    throw course.sent || thrown instanceof Unanswered ? await afterSending(thrown, call) : thrown
  }
}
