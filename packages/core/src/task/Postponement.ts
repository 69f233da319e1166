/** A start that the system refused because it was short of something: it is tried again, and counts as no attempt of the restart policy. */
import * as Schema from "effect/Schema"
import { Instant } from "../history/Instant.ts"

/** How often a start was refused in a row, since when (epoch ms), and why the last time. */
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

/** One more refusal at the instant `at`. */
export const refusedAgain = (
  before: Postponement | undefined,
  message: string,
  at: number
): Postponement => ({
  times: (before?.times ?? 0) + 1,
  since: before?.since ?? at,
  message
})

/** How long to wait for the next try, in milliseconds; null when there have been enough. */
export const postponeMs = ({ times, since }: Postponement, at: number): number | null =>
  times > mostTimes || at - since >= longestMs
    ? null
    : Math.min(firstDelayMs * 2 ** (times - 1), longestDelayMs)

/** What is told when there have been enough. */
export const gaveUp = ({ times, since, message }: Postponement, at: number): string =>
  `${message} (tried ${times} times within ${Math.round((at - since) / 1000)} s)`
