/**
 * A failed start that is retried, because the system was short of a resource. It does not count as
 * an attempt of the restart policy.
 */
import * as Schema from "effect/Schema"
import { Instant } from "../history/Instant.ts"

/** How many starts failed in a row, since when (epoch ms), and the last reason. */
export const Postponement = Schema.Struct({
  times: Schema.Int,
  since: Instant,
  message: Schema.String
})
export type Postponement = typeof Postponement.Type

const firstDelayMs = 250
const longestDelayMs = 30_000
const mostTimes = 10
const longestMs = 600_000

/** The postponement after one more failed start at the instant `at`. */
export const nextPostponement = (
  before: Postponement | undefined,
  message: string,
  at: number
): Postponement => ({
  times: (before?.times ?? 0) + 1,
  since: before?.since ?? at,
  message
})

/** The delay before the next try, in milliseconds; null after the last one. */
export const startDelayMs = ({ times, since }: Postponement, at: number): number | null =>
  times > mostTimes || at - since >= longestMs
    ? null
    : Math.min(firstDelayMs * 2 ** (times - 1), longestDelayMs)

/** The message after the last try. */
export const gaveUp = ({ times, since, message }: Postponement, at: number): string =>
  `${message} (tried ${times} times within ${Math.round((at - since) / 1000)} s)`
