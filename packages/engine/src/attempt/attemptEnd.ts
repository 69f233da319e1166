/** Converts the end that `process/` observed into the end that the lifecycle records. */
import type { AttemptEnd } from "@backbeat/core/task/AttemptEnd"
import type { AttemptEnd as ObservedEnd } from "../process/inspectAttempt.ts"

/**
 * The end of an attempt, observed at `now` (epoch ms). A record has its own time. An attempt that
 * is gone without a record is lost.
 */
export const attemptEnd = (found: ObservedEnd, now: number): AttemptEnd => {
  switch (found.kind) {
    case "ended": {
      const { end, endedAt, cpuMs } = found.record
      const outcome =
        end.kind === "exited"
          ? ({ kind: "exited", exitCode: end.code } as const)
          : ({ kind: "signalled", signal: end.signal } as const)
      return { outcome, endedAt, cpuMs }
    }
    case "gone":
      return { outcome: { kind: "lost", evidence: found.evidence }, endedAt: now, cpuMs: null }
    case "notSpawned":
      return { outcome: { kind: "notSpawned", message: found.message }, endedAt: now, cpuMs: null }
  }
}

/** The end of a stopped attempt. Without a record, our SIGKILL ended it. */
export const stoppedEnd = (
  found: ObservedEnd | { readonly kind: "alive" | "unclaimed" },
  now: number
): AttemptEnd =>
  found.kind === "ended" || found.kind === "notSpawned"
    ? attemptEnd(found, now)
    : { outcome: { kind: "signalled", signal: "SIGKILL" }, endedAt: now, cpuMs: null }
