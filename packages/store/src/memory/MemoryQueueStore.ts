/** The QueueStore in memory, for tests and trials. */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { isFinal } from "@backbeat/core/task/TaskState"
import { type Pause, type QueueCount, QueueStore } from "../QueueStore.ts"
import { type Memory, MemoryDatabase } from "./MemoryDatabase.ts"
import { byTurn } from "../live/Entry.ts"
import { isReady } from "./MemoryTaskStore.ts"

/** The QueueStore in memory. */
export const layerQueueStore = Layer.effect(
  QueueStore,
  Effect.map(MemoryDatabase, (database) => make(database))
)

const make = ({ journal, memory }: MemoryDatabase["Service"]): QueueStore["Service"] => {
  const pauses = new Map<string, Pause>()
  const change = (queue: string, pause: Pause | undefined): Effect.Effect<void> =>
    journal.transact(Effect.sync(() => journal.put(pauses, queue, pause)))
  return {
    pause: (queue, pause) =>
      Effect.suspend(() => (pauses.has(queue) ? Effect.void : change(queue, pause))),
    resume: (queue) => change(queue, undefined),
    paused: journal.read(() => new Map([...pauses].toSorted(byName))),
    counts: journal.read(() => countsOf(memory)),
    ahead: (id, now) => journal.read(() => aheadOf(memory, id, now))
  }
}

const byName = ([one]: readonly [string, unknown], [two]: readonly [string, unknown]) =>
  one < two ? -1 : 1

const countsOf = ({ entries }: Memory): ReadonlyArray<QueueCount> => {
  const counts = new Map<string, QueueCount>()
  for (const { task } of entries.values()) {
    const { status } = task.state
    const { queue } = task.spec
    const key = `${queue} ${status}`
    if (!isFinal(status))
      counts.set(key, { queue, status, count: (counts.get(key)?.count ?? 0) + 1 })
  }
  return [...counts].toSorted(byName).map(([, count]) => count)
}

const aheadOf = ({ entries }: Memory, id: string, now: number): number => {
  const own = entries.get(id)
  if (own === undefined || own.task.state.status !== "queued") return 0
  const mayRun = isReady({ queue: own.task.spec.queue, now, limit: 0 })
  return [...entries.values()].filter((entry) => mayRun(entry) && byTurn(entry, own) < 0).length
}
