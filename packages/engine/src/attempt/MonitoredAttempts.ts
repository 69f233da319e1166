/** The attempts that this engine looks after: for each what must be let go when it ends. Everything in it can be found again. */
import type { Task } from "@backbeat/core/task/Task"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { HeldPort } from "../process/heldPort.ts"
import { readExitRecord } from "../process/ExitRecord.ts"
import type { OutputWatch } from "../output/Growth.ts"

/** One attempt under care. `pid` is the shim's, the leader of the process group; null until it is known. */
export interface MonitoredAttempt {
  readonly id: string
  readonly attempt: number
  readonly dir: string
  pid: number | null
  /** When the spawn of its shim returned (epoch ms), by the shim's own start where another engine spawned it; null when nobody knows. */
  readonly startedAt: number | null
  /** The same on the monotonic clock (ms, of this process): lengths count from there. */
  readonly begun: number | null
  /** The port that another program held when it was spawned: only a listener of its own makes it ready. */
  readonly held: HeldPort | null
  readonly output: OutputWatch
  /** What people read of it: of an agent the text of its events, of others the output itself. */
  readonly readable: { readonly dir: string; readonly watch: OutputWatch }
  /** Whether a stop is under way: then the stop settles it. */
  stopping: boolean
  /** Whether its end is known, and is about to be committed with what an agent said. */
  over: boolean
  /** Whether its agent has told how its work ended. */
  readonly hasResult: () => boolean
  /** What to call when the attempt is over, such as cancelling a watch. */
  readonly releases: Array<() => void>
}

/** Whether the end of an attempt is on record, though nobody may have heard of it yet: no limit counts against a record. */
export const isOver = ({ dir, over }: MonitoredAttempt): boolean =>
  over || readExitRecord(dir) !== null

/** The live attempts by task id. */
export class MonitoredAttempts extends Context.Service<
  MonitoredAttempts,
  {
    readonly find: (id: string) => MonitoredAttempt | null
    readonly add: (live: MonitoredAttempt) => void
    /** Lets go of a task's attempt, if it is this one. */
    readonly release: (id: string) => void
    readonly releaseAll: () => void
    readonly count: () => number
    /** The port that another program held when the current attempt of a task was spawned, also once it has ended; null when none was. */
    readonly heldPort: (task: Task) => HeldPort | null
    /** When the current attempt of a task was spawned (epoch ms); null when it was not yet, or is not looked after. */
    readonly startedAt: (task: Task) => number | null
  }
>()("@backbeat/engine/LiveAttempts") {}

const letGo = (live: MonitoredAttempt): void => {
  for (const release of live.releases.splice(0)) release()
  live.output.close()
}

/** No attempt yet. All are let go when the engine ends. */
export const layerMonitoredAttempts = Layer.effect(
  MonitoredAttempts,
  Effect.gen(function* () {
    const all = new Map<string, MonitoredAttempt>()
    const held = new Map<string, { readonly attempt: number; readonly port: HeldPort }>()
    const release = (id: string): void => {
      const live = all.get(id)
      if (live === undefined) return
      all.delete(id)
      letGo(live)
    }
    const releaseAll = (): void => {
      for (const id of all.keys()) release(id)
    }
    yield* Effect.addFinalizer(() => Effect.sync(releaseAll))
    return MonitoredAttempts.of({
      find: (id) => all.get(id) ?? null,
      add: (live) => {
        release(live.id)
        all.set(live.id, live)
        if (live.held === null) held.delete(live.id)
        else held.set(live.id, { attempt: live.attempt, port: live.held })
      },
      release,
      releaseAll,
      count: () => all.size,
      heldPort: ({ id, state }) => {
        const its = held.get(id)
        return its?.attempt === state.attempt ? its.port : null
      },
      startedAt: ({ id, state }) => {
        const live = all.get(id)
        return live?.attempt === state.attempt ? live.startedAt : null
      }
    })
  })
)
