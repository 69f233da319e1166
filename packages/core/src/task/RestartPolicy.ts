/** The restart policy: when another attempt follows an ended one, and after what delay. */
import * as Schema from "effect/Schema"
import type { Failure } from "./Failure.ts"

/** The longest delay. */
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

/** The defaults of fields that the caller leaves out. */
export const defaultRestartPolicy: RestartPolicy = {
  when: "never",
  maxAttempts: 3,
  delayMs: 1000,
  backoff: "exponential",
  maxDelayMs: 60_000,
  resetAfterMs: 60_000
}

/** The delay in milliseconds after `tries` attempts in a row have ended (1 or more). */
export const retryDelayMs = (policy: RestartPolicy, tries: number): number => {
  const factor = { constant: 1, linear: tries, exponential: 2 ** Math.min(tries - 1, 40) }[
    policy.backoff
  ]
  return Math.min(policy.delayMs * factor, Math.max(policy.maxDelayMs, policy.delayMs))
}

/**
 * Another attempt would fail in the same way: the program is missing, or the agent is not logged
 * in.
 */
const isPermanent = (failure: Failure | null): boolean =>
  failure?.type === "NotSpawned" || (failure?.type === "AgentError" && failure.kind === "auth")

/** Whether the policy requires another attempt. A permanent failure is not retried. */
export const shouldRetry = (
  policy: RestartPolicy,
  failure: Failure | null,
  tries: number
): boolean => {
  if (tries >= policy.maxAttempts || isPermanent(failure)) return false
  return policy.when === "always" || (policy.when === "on-failure" && failure !== null)
}
