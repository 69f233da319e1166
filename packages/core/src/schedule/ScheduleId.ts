/** Names of schedules and of their runs. */
import * as Schema from "effect/Schema"
import { hashOf } from "../identity/hashOf.ts"
import { sortableCharacters } from "../identity/sortableCharacters.ts"

/** The name of a schedule: short enough that its runs, and their tasks, have room for theirs. */
export const ScheduleId = Schema.String.check(
  Schema.isPattern(/^[A-Za-z0-9][A-Za-z0-9._:-]{0,63}$/u, {
    message: "expected 1 to 64 characters of A-Z a-z 0-9 . _ : - that start with a letter or digit"
  })
)

/** Makes the id `schedule-` + 12 characters that sort by time. `random` is a whole number from 0 to 32767. */
export const makeScheduleId = (atMs: number, random: number): string =>
  `schedule-${sortableCharacters(atMs, random)}`

/** An instant (epoch ms) as it stands in the ids of runs, such as 20270328T010000Z. */
const compact = (instant: number): string =>
  Temporal.Instant.fromEpochMilliseconds(instant)
    .toString({ fractionalSecondDigits: 0 })
    .replaceAll(/[:-]/gu, "")

/** What names a tick among those of its schedule: its instant; one by hand is named by characters that sort by time. */
export const tickKey = (
  scheduleId: string,
  { tick, manual }: { readonly tick: number; readonly manual: boolean }
): string =>
  manual ? sortableCharacters(tick, hashOf(`${scheduleId}@${tick}`) % 32_768) : compact(tick)

/** The id of what a tick starts. */
export const runIdOf = (
  scheduleId: string,
  tick: { readonly tick: number; readonly manual: boolean }
): string => `${scheduleId}.${tickKey(scheduleId, tick)}`
