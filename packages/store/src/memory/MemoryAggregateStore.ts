/** The AggregateStore in memory, for tests and trials. */
import type { StoredAggregate } from "@backbeat/core/history/Aggregate"
import type { AggregateKind } from "@backbeat/core/history/RecordedEvent"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import { type AggregateFilter, AggregateStore } from "../AggregateStore.ts"
import { appendEvents } from "./appendEvents.ts"
import type { Journal } from "../live/Journal.ts"
import { type AggregateEntry, type Memory, MemoryDatabase } from "./MemoryDatabase.ts"
import { pageOf } from "./pageOf.ts"

/** The AggregateStore in memory. */
export const layerAggregateStore = Layer.effect(
  AggregateStore,
  Effect.map(MemoryDatabase, (database) => make(database))
)

const keyOf = (kind: AggregateKind, id: string): string => `${kind} ${id}`

const make = ({ journal, memory }: MemoryDatabase["Service"]): AggregateStore["Service"] => {
  const { aggregates } = memory
  const ofKind = (kind: AggregateKind) =>
    [...aggregates.values()].filter((entry) => entry.kind === kind)
  return {
    find: (aggregate, id) =>
      journal.read(() => {
        const entry = aggregates.get(keyOf(aggregate.kind, id))
        return entry === undefined ? null : stateOf(aggregate, entry)
      }),
    record: ({ kind, index }, { state, events, at, actor }) =>
      journal.transact(
        Effect.sync(() => {
          const key = keyOf(kind, state.id)
          const seq = aggregates.get(key)?.seq ?? ++memory.lastSeq
          if (!memory.ids.has(state.id)) journal.put(memory.ids, state.id, kind)
          journal.put(aggregates, key, { kind, id: state.id, seq, index: index(state), state })
          return appendEvents(memory, journal, events, (event, sequence) => ({
            subject: kind,
            id: state.id,
            sequence,
            at,
            actor,
            event
          }))
        })
      ),
    list: (aggregate, filter, page) =>
      journal.read(() => {
        const found = ofKind(aggregate.kind).filter(({ index }) => matches(index, filter))
        const { total, entries, next } = pageOf(found, page)
        return { total, states: entries.map((entry) => stateOf(aggregate, entry)), next }
      }),
    due: (aggregate, now, limit) =>
      journal.read(() => {
        const states = ofKind(aggregate.kind)
          .flatMap((entry) => {
            const { dueAt } = entry.index
            return dueAt !== null && dueAt <= now ? [{ entry, dueAt }] : []
          })
          .toSorted((one, two) => one.dueAt - two.dueAt || one.entry.seq - two.entry.seq)
          .slice(0, limit)
          .map(({ entry }) => stateOf(aggregate, entry))
        return { states, unreadable: [] }
      }),
    setAside: (kind, id, status) =>
      journal.transact(
        Effect.sync(() => {
          const key = keyOf(kind, id)
          const entry = aggregates.get(key)
          if (entry !== undefined)
            journal.put(aggregates, key, {
              ...entry,
              index: { ...entry.index, dueAt: null, status }
            })
        })
      ),
    nextDueAt: (kind, now) =>
      journal.read(() => {
        const later = ofKind(kind).flatMap(({ index: { dueAt } }) =>
          dueAt !== null && dueAt > now ? [dueAt] : []
        )
        return later.length === 0 ? null : Math.min(...later)
      }),
    remove: (kind, ids) =>
      journal.transact(Effect.sync(() => removeAggregates(memory, journal, kind, ids)))
  }
}

/** Decodes the state of an entry, which has the kind of the aggregate. */
const stateOf = <Kind extends string, State extends { readonly id: string }>(
  { State }: StoredAggregate<Kind, State>,
  { state }: AggregateEntry
): State => Schema.decodeUnknownSync(State)(state)

/** Removes aggregates of a kind with their events and ids. Must run in a transaction. */
export const removeAggregates = (
  memory: Memory,
  journal: Journal,
  kind: AggregateKind,
  ids: ReadonlyArray<string>
): void => {
  const { events } = memory
  const removed = new Set(ids)
  journal.onRollback(() => void (memory.events = events))
  memory.events = events.filter(({ subject, id }) => subject !== kind || !removed.has(id))
  for (const id of removed) {
    journal.put(memory.aggregates, keyOf(kind, id), undefined)
    if (memory.ids.get(id) === kind) journal.put(memory.ids, id, undefined)
  }
}

const matches = (index: AggregateEntry["index"], { status, since }: AggregateFilter): boolean =>
  (status?.includes(index.status) ?? true) && (since === undefined || index.createdAt >= since)
