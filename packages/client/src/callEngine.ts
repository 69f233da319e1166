/**
 * Calls the engine of a home, and starts one if there is none. The hot path loads nothing but this
 * file.
 */
import { callOf, flagOf, sentencesOf, sentence } from "@backbeat/contract/Text"
import { callPath, handoverHeader, socketName, streamType } from "@backbeat/contract/protocol"
import { awaitAnswer, defaultSilentMs, type AnswerWait } from "./awaitAnswer.ts"
import type { HomePaths } from "./Home.ts"
import { Unreachable, unreachable } from "./Unreachable.ts"

/** A call as it is sent over the socket, before it is encoded. */
export interface OutgoingCall {
  readonly operation: string
  readonly payload: string | null
  readonly argv?: ReadonlyArray<string>
  readonly payloadFrom?: "file" | "stdin"
  readonly flags: Readonly<Record<string, unknown>>
  readonly caller: Readonly<Record<string, unknown>>
}

/**
 * The home to call, and the command that starts an engine. Without a command, the result is null if
 * no engine runs.
 */
export interface Target extends HomePaths {
  readonly engineCommand: ReadonlyArray<string> | null
  /** The time without data after which the engine is checked, in milliseconds; 5000 when absent. */
  readonly silentMs?: number
}

/**
 * The longest path of a socket is 107 bytes on Linux, 103 on macOS. For a longer one, the call
 * changes to the home and uses a relative path.
 */
const socketPathMaxBytes = 103
/**
 * How long a call tries to reach an engine, in milliseconds. The time in which an engine executes
 * it does not count.
 */
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
    // The home does not exist yet, and so neither does the socket. The engine creates both.
  }
  return socketName
}

/**
 * The owner of the socket; undefined if the socket is missing or not visible, which the connection
 * then reports. Not by `node:fs`: loading that costs a call a millisecond.
 */
const ownerOf = async (socket: string): Promise<number | undefined> => {
  try {
    return (await Bun.file(socket).stat()).uid
  } catch {
    return undefined
  }
}

/**
 * The socket to call. A call contains its caller's environment, which must not go to another user's
 * process. Throws Unreachable.
 */
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
 * The result of one try: a whole answer or a stream, no engine, a connection that broke during the
 * call, or an engine that has released the home. `successor` is the version that takes over, if
 * there is one.
 */
type TryResult = Response | NoAnswer
type NoAnswer =
  | { readonly state: "absent" | "broken" }
  | { readonly state: "handover"; readonly successor: string }

/**
 * Reads a document completely, so that a broken one is requested again. Only a stream is passed on
 * as it comes.
 */
const readAnswer = async (response: Response): Promise<TryResult> => {
  const successor = response.headers.get(handoverHeader)
  if (successor !== null) return { state: "handover", successor }
  return response.headers.get("content-type") === streamType
    ? response
    : new Response(await response.text(), response)
}

const send = async (unix: string, body: string): Promise<TryResult> =>
  readAnswer(await fetch(`http://engine${callPath}`, { method: "POST", body, unix, signal: null }))

/** Thrown if the engine has the call but is not responsive. */
class Unanswered extends Unreachable {}

/** How a call waits for an answer, from now on. */
export const answerWaitOf = (
  { root, silentMs = defaultSilentMs }: Target,
  { flags }: OutgoingCall
): AnswerWait => {
  const { timeout } = flags
  return {
    root,
    unix: socketOf(root),
    silentMs,
    timeoutMs: typeof timeout === "number" ? timeout * 1000 : null,
    since: performance.now()
  }
}

const tryOnce = async (body: string, wait: AnswerWait): Promise<TryResult> => {
  const { root } = wait
  const unix = await ownSocketOf(root)
  try {
    return await awaitAnswer(send(unix, body), { ...wait, unix })
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

/**
 * The error of a call that was sent and then lost its engine. If the call changes something, it is
 * unknown whether it took effect.
 */
const withUnknownEffect = async (
  thrown: unknown,
  { operation }: OutgoingCall
): Promise<unknown> => {
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

/** Resolves when another engine may serve the home. Throws Unreachable. */
const replace = async (
  noAnswer: NoAnswer,
  engineCommand: ReadonlyArray<string>,
  place: Target,
  { caller, operation }: OutgoingCall
): Promise<void> => {
  const { root } = place
  const { waitForSuccessor, ensureEngine, homeExists } = await import("./ensureEngine.ts")
  // An engine in a new home would not know the tasks of this call.
  if (noAnswer.state !== "absent" && !homeExists(root)) {
    throw unreachable(
      `the home ${root} was removed or moved during ${operation}`,
      "Move it back, or call again to create a new home.",
      { home: root }
    )
  }
  const hasSuccessor =
    noAnswer.state === "handover" &&
    noAnswer.successor !== "" &&
    noAnswer.successor !== caller["version"]
  await (hasSuccessor ? waitForSuccessor(root) : ensureEngine(engineCommand, place))
}

/** Whether a connection broke during the call, so that it may have taken effect. */
interface CallProgress {
  sent: boolean
}

const callOn = async (
  target: Target,
  call: OutgoingCall,
  progress: CallProgress
): Promise<Response | null> => {
  const { root, engineCommand } = target
  const repeated = { ...call, caller: { ...call.caller, repeated: true } }
  const wait = answerWaitOf(target, call)
  let body = JSON.stringify(call)
  for (let withoutMs = 0; withoutMs < giveUpAfterMs;) {
    const result = await tryOnce(body, wait)
    if (result instanceof Response) return result
    if (engineCommand === null && result.state === "absent") return null
    if (result.state !== "absent") body = JSON.stringify(repeated)
    progress.sent ||= result.state === "broken"
    const lostAt = performance.now()
    if (engineCommand !== null) await replace(result, engineCommand, target, call)
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

/**
 * Makes a call. After a broken connection it is repeated with the same request id, by which the
 * engine knows what it has already done. Throws Unreachable.
 */
export const callEngine = async (target: Target, call: OutgoingCall): Promise<Response | null> => {
  const progress: CallProgress = { sent: false }
  try {
    return await callOn(target, call, progress)
  } catch (thrown) {
    throw progress.sent || thrown instanceof Unanswered
      ? await withUnknownEffect(thrown, call)
      : thrown
  }
}
