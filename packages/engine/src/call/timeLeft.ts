/** How long a caller has waited, and how long it wants to wait. */
import type { Call } from "./Call.ts"

/** How long the call has already waited: a call that is sent again has waited before. */
export const waitedMs = ({ caller }: Call, now: number): number =>
  caller.repeated === true ? Math.max(0, now - caller.requestedAt) : 0

/** The rest of a stream's `--timeout` in milliseconds; null without the flag. */
export const timeLeftMs = (call: Call, now: number): number | null =>
  call.flags.timeout === undefined
    ? null
    : Math.max(0, call.flags.timeout * 1000 - waitedMs(call, now))
