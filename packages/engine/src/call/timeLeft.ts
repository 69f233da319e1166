/** How long a caller has waited, and how long it wants to. */
import type { Call } from "./Call.ts"

/** How much of the time is gone: a call that is sent again because its engine ended has waited before. */
export const waitedMs = ({ caller }: Call, now: number): number =>
  caller.repeated === true ? Math.max(0, now - caller.requestedAt) : 0

/** What is left of the time that the flag --timeout gives a stream, in milliseconds; null without the flag. */
export const timeLeftMs = (call: Call, now: number): number | null =>
  call.flags.timeout === undefined
    ? null
    : Math.max(0, call.flags.timeout * 1000 - waitedMs(call, now))
