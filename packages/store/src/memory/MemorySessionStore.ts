/** The SessionStore in memory, for tests and trials. */
import type { Usage } from "@backbeat/core/task/AgentWork"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { type AgentSession, SessionStore } from "../SessionStore.ts"
import { MemoryDatabase } from "./MemoryDatabase.ts"

const keyOf = ({ agent, id }: AgentSession): string => JSON.stringify([agent, id])

/** The SessionStore in memory. */
export const layerSessionStore = Layer.effect(
  SessionStore,
  Effect.map(MemoryDatabase, ({ journal }) => {
    const sessions = new Map<string, { readonly at: number; readonly used: Usage }>()
    return SessionStore.of({
      note: (session, at, used) =>
        journal.transact(Effect.sync(() => journal.put(sessions, keyOf(session), { at, used }))),
      used: (session, until) =>
        journal.read(() => {
          const noted = sessions.get(keyOf(session))
          return noted === undefined || noted.at > until ? null : noted.used
        }),
      forget: (before) =>
        journal.transact(
          Effect.sync(() => {
            for (const [key, { at }] of sessions)
              if (at < before) journal.put(sessions, key, undefined)
          })
        )
    })
  })
)
