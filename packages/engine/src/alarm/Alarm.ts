/**
 * One alarm for everything that is due: lengths on the monotonic clock, which nobody sets and which stands still while the machine sleeps;
 * instants on the wall clock. A single timer is set to the earliest entry. With no entry there is no timer.
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import { Heap } from "./Heap.ts"
import { persistently } from "./persistently.ts"
import { steadyNow } from "./steadyNow.ts"

/** The longest sleep, in milliseconds, while an instant is awaited: a wall clock that was set, or a machine that slept, is noticed by then. */
const longestSleepMs = 30_000

/** The longest that a timer can be set to, in milliseconds: 2^31 - 1. Source: HTML, setTimeout. */
const longestTimerMs = 2_147_483_647

/** What becomes due under a key; `due` is on the clock of its heap, in milliseconds. */
interface Entry {
  readonly key: string
  readonly due: number
  readonly act: Effect.Effect<void>
}

/** Sets and clears what is due. A key has one entry: setting it replaces what it had. A due effect runs once, in a fiber of its own. */
export class Alarm extends Context.Service<
  Alarm,
  {
    /** At an instant of the wall clock (epoch ms). */
    readonly at: (key: string, instant: number, act: Effect.Effect<void>) => Effect.Effect<void>
    /** After a length in milliseconds. */
    readonly after: (key: string, ms: number, act: Effect.Effect<void>) => Effect.Effect<void>
    readonly clear: (key: string) => Effect.Effect<void>
  }
>()("@backbeat/engine/Alarm") {}

/** The entries of one clock. What was replaced or cleared stays in the heap until its turn, or until it is half of the heap. */
const makeEntries = (current: ReadonlyMap<string, Entry>) => {
  const heap = new Heap<Entry>()
  const isCurrent = (entry: Entry): boolean => current.get(entry.key) === entry
  return {
    add: (entry: Entry): void => {
      heap.add(entry)
      if (heap.size > 2 * current.size + 64) heap.keep(isCurrent)
    },
    /** How long until the first is due; infinite when there is none. */
    leftMs: (now: number): number => {
      for (let first = heap.first(); first !== undefined; first = heap.first()) {
        if (isCurrent(first)) return first.due - now
        heap.removeFirst()
      }
      return Number.POSITIVE_INFINITY
    },
    /** Removes what is due. */
    take: (now: number): ReadonlyArray<Entry> => {
      const taken: Array<Entry> = []
      for (
        let first = heap.first();
        first !== undefined && first.due <= now;
        first = heap.first()
      ) {
        heap.removeFirst()
        if (isCurrent(first)) taken.push(first)
      }
      return taken
    }
  }
}

const make = Effect.gen(function* () {
  const current = new Map<string, Entry>()
  const lengths = makeEntries(current)
  const instants = makeEntries(current)
  const scope = yield* Effect.scope
  /** Its end is on the monotonic clock: the wall clock may be set while it sleeps. */
  let sleeper: { readonly until: number; readonly fiber: Fiber.Fiber<void> } | null = null

  const ring: Effect.Effect<void> = Effect.gen(function* () {
    sleeper = null
    const due = [
      ...lengths.take(yield* steadyNow),
      ...instants.take(yield* Clock.currentTimeMillis)
    ]
    for (const { key, act } of due) {
      current.delete(key)
      yield* Effect.forkIn(persistently(`what is due (${key})`, act), scope)
    }
    yield* arm
  })

  const arm: Effect.Effect<void> = Effect.gen(function* () {
    const steady = yield* steadyNow
    const ofInstants = instants.leftMs(yield* Clock.currentTimeMillis)
    const sleepMs = Math.max(
      0,
      Math.min(
        lengths.leftMs(steady),
        ofInstants === Number.POSITIVE_INFINITY ? ofInstants : Math.min(ofInstants, longestSleepMs)
      )
    )
    const until = steady + sleepMs
    if (sleeper !== null && sleeper.until <= until && current.size > 0) return
    const old = sleeper
    sleeper = null
    if (old !== null) yield* Effect.forkIn(Fiber.interrupt(old.fiber), scope)
    if (current.size === 0) return
    const fiber = yield* Effect.forkIn(
      Effect.andThen(Effect.sleep(Math.min(sleepMs, longestTimerMs)), ring),
      scope
    )
    sleeper = { until, fiber }
  })

  const set = (entries: ReturnType<typeof makeEntries>, entry: Entry): Effect.Effect<void> => {
    current.set(entry.key, entry)
    entries.add(entry)
    return arm
  }

  return Alarm.of({
    at: (key, due, act) => Effect.suspend(() => set(instants, { key, due, act })),
    after: (key, ms, act) =>
      Effect.flatMap(steadyNow, (now) => set(lengths, { key, due: now + ms, act })),
    // A timer that finds nothing due sets itself anew, so clearing need not touch it unless it is the last.
    clear: (key) =>
      Effect.suspend(() => (current.delete(key) && current.size === 0 ? arm : Effect.void))
  })
})

/** The alarm of an engine. */
export const layerAlarm: Layer.Layer<Alarm> = Layer.effect(Alarm, make)
