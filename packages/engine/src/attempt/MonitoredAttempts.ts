/**
 * The attempts that this engine monitors, with the finalizers to run when each ends. All of it can
 * be found again after a crash.
 */
import type { Task } from "@backbeat/core/task/Task"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { HeldPort } from "../process/heldPort.ts"
import { readExitRecord } from "../process/ExitRecord.ts"
import type { OutputWatch } from "../output/Growth.ts"

/**
 * A monitored attempt. `pid` is that of the shim, the leader of the process group; null until it is
 * known.
 */
export interface MonitoredAttempt {
  readonly id: string
  readonly attempt: number
  readonly dir: string
  pid: number | null
  /**
   * When the spawn of its shim returned (epoch ms). If another engine spawned it: the start time of
   * the shim, or null if that is unknown.
   */
  readonly startedAt: number | null
  /** The same instant on the monotonic clock (ms, of this process). Durations count from there. */
  readonly startedMonotonicMs: number | null
  /**
   * The port that another program listened on when the attempt was spawned. Then only a listener of
   * the attempt's own processes makes it ready.
   */
  readonly held: HeldPort | null
  readonly output: OutputWatch
  /**
   * The output that people read: the text of an agent's events, or the output of any other command.
   */
  readonly readable: { readonly dir: string; readonly watch: OutputWatch }
  /** Whether a stop is under way. Then the stop settles the attempt. */
  stopping: boolean
  /** Whether its end is known and about to be committed, with the agent's result. */
  isEndKnown: boolean
  /** Whether its agent has reported its result. */
  readonly hasResult: () => boolean
  /** Called when the attempt ends, for example to cancel a watch. */
  readonly finalizers: Array<() => void>
}

/**
 * Whether the end of an attempt is recorded, even if no task event says so yet. A recorded end
 * counts more than any limit.
 */
export const isEndRecorded = ({ dir, isEndKnown }: MonitoredAttempt): boolean =>
  isEndKnown || readExitRecord(dir) !== null

/** The monitored attempts by task id. */
export class MonitoredAttempts extends Context.Service<
  MonitoredAttempts,
  {
    readonly find: (id: string) => MonitoredAttempt | null
    readonly add: (live: MonitoredAttempt) => void
    /** Stops monitoring a task's attempt and runs its finalizers. */
    readonly release: (id: string) => void
    readonly releaseAll: () => void
    readonly count: () => number
    /**
     * The port that another program listened on when the task's current attempt was spawned, also
     * after its end; null if there was none.
     */
    readonly heldPort: (task: Task) => HeldPort | null
    /**
     * When the task's current attempt was spawned (epoch ms); null if it was not spawned yet or is
     * not monitored.
     */
    readonly startedAt: (task: Task) => number | null
  }
>()("@backbeat/engine/MonitoredAttempts") {}

const runFinalizers = (live: MonitoredAttempt): void => {
  for (const finalizer of live.finalizers.splice(0)) finalizer()
  live.output.close()
}

/** Starts with no attempt. Releases all of them when the engine ends. */
export const layerMonitoredAttempts = Layer.effect(
  MonitoredAttempts,
  Effect.gen(function* () {
    const all = new Map<string, MonitoredAttempt>()
    const held = new Map<string, { readonly attempt: number; readonly port: HeldPort }>()
    const release = (id: string): void => {
      const live = all.get(id)
      if (live === undefined) return
      all.delete(id)
      runFinalizers(live)
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
        const recorded = held.get(id)
        return recorded?.attempt === state.attempt ? recorded.port : null
      },
      startedAt: ({ id, state }) => {
        const live = all.get(id)
        return live?.attempt === state.attempt ? live.startedAt : null
      }
    })
  })
)
