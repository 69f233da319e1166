/** Checks on a second connection whether an engine that has not answered is still responsive. */
import { healthPath } from "@backbeat/contract/protocol"
import { marginMsOf, remainingMs, type AnswerWait } from "./awaitAnswer.ts"
import { describeEngine, engineProcess, isStopped } from "./engineProcess.ts"
import { type Unreachable, unreachable } from "./Unreachable.ts"

/** The time between two checks of a responsive engine, in multiples of `silentMs`. */
const recheckTimes = 6
/**
 * How late a responsive engine may answer after the caller's time limit, in multiples of
 * `silentMs`.
 */
const lateTimes = 2

/**
 * Whether the engine answers within this time; null if its socket is gone, as when the engine
 * exits.
 */
const isResponsiveWithin = async (unix: string, ms: number): Promise<boolean | null> => {
  try {
    await (
      await fetch(`http://engine${healthPath}`, { unix, signal: AbortSignal.timeout(ms) })
    ).text()
    return true
  } catch (thrown) {
    return thrown instanceof DOMException ? false : null
  }
}

const seconds = (ms: number): string => `${Math.round(ms / 100) / 10} s`

const noAnswerError = (wait: AnswerWait): Unreachable => {
  const engine = engineProcess(wait.root)
  const hint = isStopped(engine)
    ? `Continue it with kill -CONT ${engine?.pid}, then call again.`
    : "Call again. If it never answers, kill it: tasks continue, and the next call starts another engine."
  return unreachable(
    `${describeEngine(engine)} has not answered for ${seconds(performance.now() - wait.since)}`,
    hint,
    {
      home: wait.root,
      pid: engine?.pid ?? null,
      state: engine?.state ?? null
    }
  )
}

/**
 * Checks the engine, and returns the time until the next check in milliseconds. Throws Unreachable
 * if the engine does not respond, or if its answer is too late.
 */
export const checkEngine = async (wait: AnswerWait): Promise<number> => {
  const { root, silentMs, unix } = wait
  const leftMs = remainingMs(wait)
  const marginMs = marginMsOf(wait)
  const answers = await isResponsiveWithin(
    unix,
    Math.min(silentMs, Math.max(marginMs, leftMs ?? silentMs))
  )
  const isTooLate = leftMs !== null && leftMs < -lateTimes * silentMs
  if (answers === false || isTooLate || (answers === null && isStopped(engineProcess(root))))
    throw noAnswerError(wait)
  if (answers === null) return silentMs
  const nextMs = recheckTimes * silentMs
  return leftMs === null ? nextMs : Math.min(nextMs, Math.max(marginMs, leftMs))
}
