/** When an ended attempt is followed by another, and after what delay. */
import * as Schema from "effect/Schema"
import type { Failure } from "./Failure.ts"

/** How many milliseconds a person would still call a delay: one day. */
const dayMs = 86_400_000

/** The restart policy of a task. Delays are in milliseconds; `maxAttempts` counts the first one. */
export const RestartPolicy = Schema.Struct({
  when: Schema.Literals(["never", "on-failure", "always"]),
  maxAttempts: Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 1_000_000 })),
  delayMs: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: dayMs })),
  backoff: Schema.Literals(["constant", "linear", "exponential"]),
  maxDelayMs: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: dayMs })),
  resetAfterMs: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: dayMs }))
})
export type RestartPolicy = typeof RestartPolicy.Type

/** What a policy means where the caller leaves fields out. */
export const defaultRestartPolicy: RestartPolicy = {
  when: "never",
  maxAttempts: 3,
  delayMs: 1000,
  backoff: "exponential",
  maxDelayMs: 60_000,
  resetAfterMs: 60_000
}

/** The wait in milliseconds after `tries` attempts in a row have ended (1 or more). */
export const retryDelayMs = (policy: RestartPolicy, tries: number): number => {
  const factor = { constant: 1, linear: tries, exponential: 2 ** Math.min(tries - 1, 40) }[
    policy.backoff
  ]
  return Math.min(policy.delayMs * factor, Math.max(policy.maxDelayMs, policy.delayMs))
}

/** Nothing has changed: the program is not there, the agent not logged in. */
const isHopeless = (failure: Failure | null): boolean =>
  failure?.type === "NotSpawned" || (failure?.type === "AgentError" && failure.kind === "auth")

/** Whether the policy wants another attempt. What cannot go otherwise is not tried again. */
export const wantsAnother = (
  policy: RestartPolicy,
  failure: Failure | null,
  tries: number
): boolean => {
  if (tries >= policy.maxAttempts || isHopeless(failure)) return false
  return policy.when === "always" || (policy.when === "on-failure" && failure !== null)
}
