/** Waits for an engine's answer, and asks whether the engine stands still when nothing comes. */

/** How a call waits: for the engine of which home, behind which socket, and since when (`performance.now()`). Times are in milliseconds. */
export interface Silence {
  readonly root: string
  readonly unix: string
  /** How long nothing may come before the engine is asked, and how long that may take. */
  readonly silentMs: number
  /** How long the caller wants to wait, from `since` on. */
  readonly timeoutMs: number | null
  readonly since: number
}

/** How long a call hears nothing before it asks whether the engine answers, in milliseconds. */
export const defaultSilentMs = 5000

/** How far behind the caller's own time limit its call waits for the answer of an engine, which keeps that limit itself. */
export const behindMsOf = ({ silentMs }: Silence): number => silentMs / 5

/** How much is left until the answer is late; null without a time limit. */
export const lateInMs = (silence: Silence): number | null =>
  silence.timeoutMs === null
    ? null
    : silence.since + silence.timeoutMs + behindMsOf(silence) - performance.now()

/** Answers as `answer` does. Throws Unreachable when the engine does not answer a question on a second connection. */
export const attended = async <A>(answer: Promise<A>, silence: Silence): Promise<A> => {
  let timer: ReturnType<typeof setTimeout> | null = null
  const silent = new Promise<never>((_, reject) => {
    const waitThenAsk = (ms: number) => {
      timer = setTimeout(async () => {
        try {
          const { askAgainInMs } = await import("./askEngine.ts")
          const againMs = await askAgainInMs(silence)
          if (timer !== null) waitThenAsk(againMs)
        } catch (thrown) {
          reject(thrown)
        }
      }, ms)
    }
    waitThenAsk(Math.max(0, Math.min(silence.silentMs, lateInMs(silence) ?? silence.silentMs)))
  })
  try {
    return await Promise.race([answer, silent])
  } finally {
    if (timer !== null) clearTimeout(timer)
    timer = null
  }
}
