/** Ticks for tests. */
import type { Tick } from "@backbeat/core/schedule/Tick"

/** A tick that fired at its time and started a task. */
export const fired = (
  scheduleId: string,
  scheduledFor: number,
  fields: Partial<Tick> = {}
): Tick => ({
  scheduleId,
  key: `k${scheduledFor}`,
  scheduledFor,
  manual: false,
  at: scheduledFor,
  result: "fired",
  cause: null,
  run: { kind: "task", id: `${scheduleId}.k${scheduledFor}` },
  end: null,
  count: 1,
  until: null,
  awaits: null,
  ...fields
})

/** A tick that did not fire. */
export const unfired = (
  scheduleId: string,
  scheduledFor: number,
  fields: Partial<Tick> = {}
): Tick =>
  fired(scheduleId, scheduledFor, {
    result: "skipped",
    cause: { type: "paused" },
    run: null,
    ...fields
  })
