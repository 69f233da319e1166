/** How one attempt ended, as far as it is known. */
import * as Schema from "effect/Schema"
import type { Failure } from "./Failure.ts"

/** What was seen of the end of an attempt's process. */
export const Outcome = Schema.Union([
  Schema.Struct({ kind: Schema.tag("exited"), exitCode: Schema.Int }),
  Schema.Struct({ kind: Schema.tag("signalled"), signal: Schema.String }),
  Schema.Struct({ kind: Schema.tag("notSpawned"), message: Schema.String }),
  Schema.Struct({ kind: Schema.tag("lost"), evidence: Schema.String })
])
export type Outcome = typeof Outcome.Type

/** The end of an attempt: `endedAt` in epoch milliseconds, `cpuMs` of the command and its waited-for children. */
export const AttemptEnd = Schema.Struct({
  outcome: Outcome,
  endedAt: Schema.Finite,
  cpuMs: Schema.NullOr(Schema.Finite)
})
export type AttemptEnd = typeof AttemptEnd.Type

/** The failure that an end amounts to, or null for success. */
export const failureOf = (outcome: Outcome, successExitCodes: ReadonlyArray<number>): Failure | null => {
  switch (outcome.kind) {
    case "exited":
      return successExitCodes.includes(outcome.exitCode)
        ? null
        : { type: "ExitedNonZero", exitCode: outcome.exitCode }
    case "signalled":
      return { type: "Signalled", signal: outcome.signal }
    case "notSpawned":
      return { type: "NotSpawned", message: outcome.message }
    case "lost":
      return { type: "Lost", evidence: outcome.evidence }
  }
}
