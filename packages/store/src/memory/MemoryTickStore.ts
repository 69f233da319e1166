/** The TickStore in memory, for tests and trials. */
import type { Tick } from "@backbeat/core/schedule/Tick"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { Journal } from "../live/Journal.ts"
import { TickStore } from "../TickStore.ts"
import { MemoryDatabase } from "./MemoryDatabase.ts"
import { pageOf } from "./pageOf.ts"

interface Entry {
  readonly seq: number
  readonly tick: Tick
  readonly isRemoved: boolean
}

const keyOf = (scheduleId: string, key: string): string => `${scheduleId} ${key}`

const byTime = (one: Entry, two: Entry): number =>
  one.tick.scheduledFor - two.tick.scheduledFor || one.seq - two.seq

/** The rows, and how they are found and changed. */
const makeRows = (journal: Journal) => {
  const entries = new Map<string, Entry>()
  let last = 0
  const those = (matches: (tick: Tick, entry: Entry) => boolean): ReadonlyArray<Entry> =>
    [...entries.values()]
      .filter((entry) => matches(entry.tick, entry))
      .toSorted((one, two) => one.seq - two.seq)
  const change = (entry: Entry, to: Entry | undefined): void =>
    journal.put(entries, keyOf(entry.tick.scheduleId, entry.tick.key), to)
  return { journal, entries, those, change, next: () => ++last }
}
type Rows = ReturnType<typeof makeRows>

const ticks = (found: ReadonlyArray<Entry>): ReadonlyArray<Tick> => found.map(({ tick }) => tick)

/** What became of ticks. */
const makeHistory = ({ journal, entries, those, change, next }: Rows) =>
  ({
    note: (tick) =>
      journal.transact(
        Effect.sync(() => {
          const key = keyOf(tick.scheduleId, tick.key)
          const before = entries.get(key)
          if (before?.tick.result === "fired") return false
          journal.put(entries, key, { seq: before?.seq ?? next(), tick, isRemoved: false })
          return true
        })
      ),
    find: (scheduleId, key) =>
      journal.read(() => entries.get(keyOf(scheduleId, key))?.tick ?? null),
    history: (scheduleId, page) =>
      journal.read(() => {
        const found = pageOf(
          those((tick) => tick.scheduleId === scheduleId),
          page
        )
        return { ticks: ticks(found.entries), next: found.next }
      }),
    between: ({ from, to, limit, scheduleId }) =>
      journal.read(() =>
        ticks(
          those(
            (tick) =>
              tick.scheduledFor >= from &&
              tick.scheduledFor < to &&
              (scheduleId === undefined || tick.scheduleId === scheduleId)
          ).toSorted(byTime)
        ).slice(0, limit)
      ),
    latest: (scheduleIds) =>
      journal.read(() => [
        ...new Map(
          ticks(those((tick) => scheduleIds.includes(tick.scheduleId))).map((tick) => [
            tick.scheduleId,
            tick
          ])
        ).values()
      ]),
    latestFired: (scheduleId) =>
      journal.read(
        () =>
          those(
            (tick) => tick.scheduleId === scheduleId && tick.result === "fired" && !tick.manual
          ).at(-1)?.tick ?? null
      ),
    spent: (scheduleId, { after, until }) =>
      journal.read(() =>
        those(
          (tick) =>
            tick.scheduleId === scheduleId &&
            tick.result === "fired" &&
            !tick.manual &&
            tick.scheduledFor > after &&
            tick.scheduledFor <= until
        )
          .toSorted(byTime)
          .map(({ tick }) => tick.scheduledFor)
      ),
    awaiting: (scheduleId) =>
      journal.read(() => [
        ...new Set(
          ticks(those((tick) => tick.awaits === scheduleId)).map((tick) => tick.scheduleId)
        )
      ]),
    remove: (scheduleId) =>
      journal.transact(
        Effect.sync(() => {
          for (const entry of those((tick) => tick.scheduleId === scheduleId))
            change(entry, undefined)
        })
      )
  }) satisfies Partial<TickStore["Service"]>

/** What ticks have started. */
const makeRuns = ({ journal, those, change }: Rows) =>
  ({
    running: (scheduleId) =>
      journal.read(() =>
        ticks(
          those((tick) => tick.scheduleId === scheduleId && tick.run !== null && tick.end === null)
        )
      ),
    end: (runId, end) =>
      journal.transact(
        Effect.sync(() => {
          const [entry] = those((tick) => tick.run?.id === runId && tick.end === null)
          if (entry === undefined) return null
          const tick = { ...entry.tick, end }
          change(entry, { ...entry, tick })
          return tick
        })
      ),
    beyond: (scheduleId, keptCount) =>
      journal.read(() =>
        ticks(
          those(
            (tick, { isRemoved }) =>
              tick.scheduleId === scheduleId && tick.run !== null && !isRemoved
          )
            .toReversed()
            .slice(keptCount)
            .toReversed()
        ).filter(({ end }) => end !== null)
      ),
    forget: (runIds) =>
      journal.transact(
        Effect.sync(() => {
          for (const entry of those((tick) => runIds.includes(tick.run?.id ?? "")))
            change(entry, { ...entry, isRemoved: true })
        })
      ),
    kept: (runIds) =>
      journal.read(
        () =>
          new Set(
            those(
              (tick, { isRemoved }) => !isRemoved && runIds.includes(tick.run?.id ?? "")
            ).flatMap(({ tick }) => tick.run?.id ?? [])
          )
      )
  }) satisfies Partial<TickStore["Service"]>

/** The TickStore beside a TaskStore in memory. */
export const layerTickStore = Layer.effect(
  TickStore,
  Effect.map(MemoryDatabase, ({ journal }) => {
    const rows = makeRows(journal)
    return TickStore.of({ ...makeHistory(rows), ...makeRuns(rows) })
  })
)
