/** The port through which the engine remembers what the sessions of agents have used up. Implementations: sqlite/, memory/. */
import type { Usage } from "@backbeat/core/task/AgentWork"
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type { StoreError } from "./StoreError.ts"

/** A session by its agent, and the id that the agent gave it. */
export interface AgentSession {
  readonly agent: string
  readonly id: string
}

/** Remembers sessions, in the transactions of the TaskStore beside it. All of it fails with StoreError only. */
export class SessionStore extends Context.Service<
  SessionStore,
  {
    /** Notes what a session has used since it began, in place of what was noted of it before; `at` is in epoch ms. */
    readonly note: (
      session: AgentSession,
      at: number,
      used: Usage
    ) => Effect.Effect<void, StoreError>
    /** What was noted of a session last, or null when that was nothing, or after the instant (epoch ms). */
    readonly used: (session: AgentSession, until: number) => Effect.Effect<Usage | null, StoreError>
    /** Forgets the sessions of which nothing was noted since the instant (epoch ms). */
    readonly forget: (before: number) => Effect.Effect<void, StoreError>
  }
>()("@backbeat/store/SessionStore") {}
