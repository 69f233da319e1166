/** One alarm for everything that is due: a single timer, set to the earliest entry. With no entry there is no timer. */
import * as Context from "effect/Context"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import { persistently } from "./persistently.ts"

/** The longest sleep, in milliseconds: a wall clock that was set, or a machine that slept, is noticed by then. */
const longestSleepMs = 30_000

/** What becomes due at an instant (epoch ms), under a key. */
interface Entry {
  readonly at: number
  readonly due: Effect.Effect<void>
}

/** Sets and clears what is due. `set` replaces what the key had; a due effect runs once, in a fiber of its own. */
export class Alarm extends Context.Service<
  Alarm,
  {
    readonly set: (key: string, at: number, due: Effect.Effect<void>) => Effect.Effect<void>
    readonly clear: (key: string) => Effect.Effect<void>
  }
>()("@backbeat/engine/Alarm") {}

const make = Effect.gen(function* () {
  const entries = new Map<string, Entry>()
  const scope = yield* Effect.scope
  /** Its end is on the monotonic clock, in milliseconds: the wall clock may be set while it sleeps. */
  let sleeper: { readonly until: number; readonly fiber: Fiber.Fiber<void> } | null = null

  const earliest = (): number => {
    let at = Number.POSITIVE_INFINITY
    for (const entry of entries.values()) at = Math.min(at, entry.at)
    return at
  }

  const ring: Effect.Effect<void> = Effect.gen(function* () {
    sleeper = null
    const now = yield* Clock.currentTimeMillis
    for (const [key, entry] of entries) {
      if (entry.at > now) continue
      entries.delete(key)
      yield* Effect.forkIn(persistently(`what is due (${key})`, entry.due), scope)
    }
    yield* arm
  })

  const arm: Effect.Effect<void> = Effect.gen(function* () {
    const now = yield* Clock.currentTimeMillis
    const elapsedMs = Number(yield* Clock.monotonicTimeNanos) / 1e6
    const sleepMs = Math.max(0, Math.min(earliest() - now, longestSleepMs))
    const until = elapsedMs + sleepMs
    if (sleeper !== null && sleeper.until <= until && entries.size > 0) return
    const old = sleeper
    sleeper = null
    if (old !== null) yield* Effect.forkIn(Fiber.interrupt(old.fiber), scope)
    if (entries.size === 0) return
    const fiber = yield* Effect.forkIn(Effect.andThen(Effect.sleep(sleepMs), ring), scope)
    sleeper = { until, fiber }
  })

  return Alarm.of({
    set: (key, at, due) =>
      Effect.suspend(() => {
        entries.set(key, { at, due })
        return arm
      }),
    // A timer that finds nothing due sets itself anew, so clearing need not touch it unless it is the last.
    clear: (key) =>
      Effect.suspend(() => (entries.delete(key) && entries.size === 0 ? arm : Effect.void))
  })
})

/** The alarm of an engine, on the wall clock. */
export const layerAlarm: Layer.Layer<Alarm> = Layer.effect(Alarm, make)
