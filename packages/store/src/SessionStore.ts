/** The port that stores the usage of agent sessions. Implementations: sqlite/, memory/. */
import type { Usage } from "@backbeat/core/task/AgentWork"
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type { StoreError } from "./StoreError.ts"

/** An agent session: the name of the agent, and the id that the agent gave it. */
export interface AgentSession {
  readonly agent: string
  readonly id: string
}

/** Stores sessions, in the transactions of the Database port. Fails only with StoreError. */
export class SessionStore extends Context.Service<
  SessionStore,
  {
    /**
     * Stores the usage of a session since it began, in place of the earlier usage. `at` is epoch
     * milliseconds.
     */
    readonly note: (
      session: AgentSession,
      at: number,
      used: Usage
    ) => Effect.Effect<void, StoreError>
    /**
     * The stored usage of a session; null if there is none, or if it was stored after the instant
     * (epoch ms).
     */
    readonly used: (session: AgentSession, until: number) => Effect.Effect<Usage | null, StoreError>
    /** Removes the sessions whose usage was last stored before the instant (epoch ms). */
    readonly forget: (before: number) => Effect.Effect<void, StoreError>
  }
>()("@backbeat/store/SessionStore") {}
