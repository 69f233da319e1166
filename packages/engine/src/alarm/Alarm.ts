/**
 * One alarm for everything that is due: durations on the monotonic clock, which is never set and
 * stops while the machine sleeps; instants on the wall clock. A single timer is set to the earliest
 * entry. Without entries there is no timer.
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import { Heap } from "./Heap.ts"
import { persistently } from "./persistently.ts"
import { steadyNow } from "./steadyNow.ts"

/**
 * The longest sleep (ms) while an instant is awaited. So the engine notices within this time that
 * the clock was set or the machine slept.
 */
const longestSleepMs = 30_000

/** The longest time of a timer in milliseconds: 2^31 - 1. Source: HTML, setTimeout. */
const longestTimerMs = 2_147_483_647

/** A drift (ms) between the wall clock and the monotonic one that counts as a clock that was set. */
const driftMs = 500

/** An entry under a key; `due` is in milliseconds on the clock of its heap. */
interface Entry {
  readonly key: string
  readonly due: number
  readonly act: Effect.Effect<void>
}

/**
 * Sets and clears entries. A key has one entry, and setting it replaces the old one. A due effect
 * runs once, in its own fiber.
 */
export class Alarm extends Context.Service<
  Alarm,
  {
    /** Runs the effect at an instant of the wall clock (epoch ms). */
    readonly at: (key: string, instant: number, act: Effect.Effect<void>) => Effect.Effect<void>
    /** Runs the effect after a duration in milliseconds. */
    readonly after: (key: string, ms: number, act: Effect.Effect<void>) => Effect.Effect<void>
    readonly clear: (key: string) => Effect.Effect<void>
    /** Calls back when the wall clock was set, or the machine has slept, until the scope ends. */
    readonly onClockSet: (listener: () => void) => Effect.Effect<void, never, Scope.Scope>
  }
>()("@backbeat/engine/Alarm") {}

/**
 * The entries of one clock. Replaced and cleared entries stay in the heap until they are due, or
 * until they are half of the heap.
 */
const makeEntries = (current: ReadonlyMap<string, Entry>) => {
  const heap = new Heap<Entry>()
  const isCurrent = (entry: Entry): boolean => current.get(entry.key) === entry
  return {
    add: (entry: Entry): void => {
      heap.add(entry)
      if (heap.size > 2 * current.size + 64) heap.keep(isCurrent)
    },
    /** The time until the first entry is due; infinite if there is none. */
    leftMs: (now: number): number => {
      for (let first = heap.first(); first !== undefined; first = heap.first()) {
        if (isCurrent(first)) return first.due - now
        heap.removeFirst()
      }
      return Number.POSITIVE_INFINITY
    },
    /** Removes and returns the due entries. */
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
  const durations = makeEntries(current)
  const instants = makeEntries(current)
  const scope = yield* Effect.scope
  /** Its end is on the monotonic clock, because the wall clock may be set while it sleeps. */
  let sleeper: { readonly until: number; readonly fiber: Fiber.Fiber<void> } | null = null

  const listeners = new Set<() => void>()
  let offset: number | null = null
  /** Compares the clocks. */
  const lookAtClock = Effect.gen(function* () {
    const now = (yield* Clock.currentTimeMillis) - (yield* steadyNow)
    const isSet = offset !== null && Math.abs(now - offset) > driftMs
    // A slow drift is followed, so that it never adds up to a jump.
    offset = now
    if (isSet) for (const listener of listeners) listener()
  })

  const fire: Effect.Effect<void> = Effect.gen(function* () {
    sleeper = null
    const due = [
      ...durations.take(yield* steadyNow),
      ...instants.take(yield* Clock.currentTimeMillis)
    ]
    for (const { key, act } of due) {
      current.delete(key)
      yield* Effect.forkIn(persistently(`what is due (${key})`, act), scope)
    }
    yield* arm
  })

  const arm: Effect.Effect<void> = Effect.gen(function* () {
    yield* lookAtClock
    const steady = yield* steadyNow
    const ofInstants = instants.leftMs(yield* Clock.currentTimeMillis)
    const sleepMs = Math.max(
      0,
      Math.min(
        durations.leftMs(steady),
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
      Effect.andThen(Effect.sleep(Math.min(sleepMs, longestTimerMs)), fire),
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
      Effect.flatMap(steadyNow, (now) => set(durations, { key, due: now + ms, act })),
    // A timer that finds nothing due sets itself again, so clearing need not change it unless this
    // was the last entry.
    clear: (key) =>
      Effect.suspend(() => (current.delete(key) && current.size === 0 ? arm : Effect.void)),
    onClockSet: (listener) =>
      Effect.acquireRelease(
        Effect.sync(() => void listeners.add(listener)),
        () => Effect.sync(() => void listeners.delete(listener))
      )
  })
})

/** The alarm of an engine. */
export const layerAlarm: Layer.Layer<Alarm> = Layer.effect(Alarm, make)
