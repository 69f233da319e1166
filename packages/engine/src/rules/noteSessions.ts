/** Stores the usage of agent sessions in the transaction that stores the ends of their attempts. */
import type { AttemptEnd } from "@backbeat/core/task/AttemptEnd"
import { SessionStore } from "@backbeat/store/SessionStore"
import * as Effect from "effect/Effect"
import type { CommitRule } from "../commit/CommitRules.ts"
import type { Committed } from "../commit/Tx.ts"

const endIn = ({ recorded: { event } }: Committed): AttemptEnd | null =>
  "end" in event ? (event.end ?? null) : null

/** The rule that stores the session usage of the attempts that a transaction has ended. */
export const makeNoteSessions = Effect.map(
  SessionStore,
  (sessions): CommitRule =>
    ({ now }, committed) =>
      Effect.forEach(
        committed,
        (each) => {
          const { work } = each.task.spec
          const outcome = endIn(each)?.agent
          const id = outcome?.result.sessionId ?? null
          if (work.kind !== "prompt" || outcome === undefined || id === null) return Effect.void
          return sessions.note({ agent: work.agent, id }, now, outcome.used)
        },
        { discard: true }
      )
)
