/** Asks an engine that has not answered whether it stands still, on a connection of its own. */
import { healthPath } from "@backbeat/contract/protocol"
import { behindMsOf, lateInMs, type Silence } from "./attended.ts"
import { describeEngine, engineProcess, isStopped } from "./engineProcess.ts"
import { type Unreachable, unreachable } from "./Unreachable.ts"

/** How many times the silence lies between two questions to an engine that answers them. */
const againTimes = 6
/** How many times the silence an engine that answers questions may be behind the caller's time limit. */
const lateTimes = 2

/** Whether the engine answers within so many milliseconds; null when its socket is gone, as of an engine that ends. */
const answersWithin = async (unix: string, ms: number): Promise<boolean | null> => {
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

const silent = (silence: Silence): Unreachable => {
  const engine = engineProcess(silence.root)
  const hint = isStopped(engine)
    ? `Continue it with kill -CONT ${engine?.pid}, then call again.`
    : "Call again. If it never answers, kill it: tasks continue, and the next call starts another engine."
  return unreachable(
    `${describeEngine(engine)} has not answered for ${seconds(performance.now() - silence.since)}`,
    hint,
    {
      home: silence.root,
      pid: engine?.pid ?? null,
      state: engine?.state ?? null
    }
  )
}

/** Until the next question to an engine that answers this one, in milliseconds. Throws Unreachable when it does not, or when its answer is too late. */
export const askAgainInMs = async (silence: Silence): Promise<number> => {
  const { root, silentMs, unix } = silence
  const lateMs = lateInMs(silence)
  const behindMs = behindMsOf(silence)
  const answers = await answersWithin(
    unix,
    Math.min(silentMs, Math.max(behindMs, lateMs ?? silentMs))
  )
  const isTooLate = lateMs !== null && lateMs < -lateTimes * silentMs
  if (answers === false || isTooLate || (answers === null && isStopped(engineProcess(root))))
    throw silent(silence)
  if (answers === null) return silentMs
  const againMs = againTimes * silentMs
  return lateMs === null ? againMs : Math.min(againMs, Math.max(behindMs, lateMs))
}
