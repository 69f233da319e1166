/**
 * Waits for an answer of the engine, and checks whether the engine is responsive if nothing comes.
 */

/**
 * How a call waits for its answer: the home, its socket, and the start of the wait
 * (`performance.now()`). Times are in milliseconds.
 */
export interface AnswerWait {
  readonly root: string
  readonly unix: string
  /** The time without data after which the engine is checked, and the most that a check takes. */
  readonly silentMs: number
  /** The caller's time limit, from `since` on. */
  readonly timeoutMs: number | null
  readonly since: number
}

/** The time without data after which a call checks the engine, in milliseconds. */
export const defaultSilentMs = 5000

/**
 * How much longer than the caller's time limit the call waits, because the engine observes that
 * limit itself.
 */
export const marginMsOf = ({ silentMs }: AnswerWait): number => silentMs / 5

/** The time until the answer is late; null without a time limit. */
export const remainingMs = (wait: AnswerWait): number | null =>
  wait.timeoutMs === null
    ? null
    : wait.since + wait.timeoutMs + marginMsOf(wait) - performance.now()

/**
 * Resolves as `answer` does. Throws Unreachable if the engine does not respond on a second
 * connection.
 */
export const awaitAnswer = async <A>(answer: Promise<A>, wait: AnswerWait): Promise<A> => {
  let timer: ReturnType<typeof setTimeout> | null = null
  const stalled = new Promise<never>((_, reject) => {
    const checkAfter = (ms: number) => {
      timer = setTimeout(async () => {
        try {
          const { checkEngine } = await import("./askEngine.ts")
          const nextMs = await checkEngine(wait)
          if (timer !== null) checkAfter(nextMs)
        } catch (thrown) {
          reject(thrown)
        }
      }, ms)
    }
    checkAfter(Math.max(0, Math.min(wait.silentMs, remainingMs(wait) ?? wait.silentMs)))
  })
  try {
    return await Promise.race([answer, stalled])
  } finally {
    if (timer !== null) clearTimeout(timer)
    timer = null
  }
}
