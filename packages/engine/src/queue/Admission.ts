/**
 * Admission to the queue `agents`: combines its running tasks, the limits and the resources of the
 * machine.
 */
import { admit, type AdmissionLimit, type AdmissionResult } from "@backbeat/core/queue/admit"
import { agentsQueue } from "@backbeat/core/queue/queueNames"
import { holdsSlot } from "@backbeat/core/task/TaskState"
import { TaskStore } from "@backbeat/store/TaskStore"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { Settings } from "../configuration/Settings.ts"
import type { Committed } from "../commit/Tx.ts"
import { shortestMs } from "./CpuMeter.ts"
import { Resources } from "./Resources.ts"

/**
 * A request for admission at the end of a transaction. `committed` are the changes of the
 * transaction so far.
 */
export interface AdmissionRequest {
  readonly waiting: number
  readonly running: number
  readonly now: number
  readonly committed: ReadonlyArray<Committed>
}

/** Admits tasks to the queue `agents`. */
export class Admission extends Context.Service<
  Admission,
  {
    readonly admit: (request: AdmissionRequest) => Effect.Effect<AdmissionResult>
    /**
     * Whether the last sample is still valid: it held a task back a moment ago, and no change since
     * concerns the queue.
     */
    readonly isSampleFresh: (now: number, committed: ReadonlyArray<Committed>) => boolean
    /** The limit that holds the next task back; null if none does, or no task waits. */
    readonly limitedBy: () => AdmissionLimit | null
    readonly setLimitedBy: (limit: AdmissionLimit | null) => void
    /** Updates the start times of running tasks from a commit. */
    readonly onCommit: (committed: ReadonlyArray<Committed>) => void
  }
>()("@backbeat/engine/Admission") {}

type Starts = Map<string, number>

const isAgents = ({ task }: Committed): boolean => task.spec.queue === agentsQueue

/** Updates the instants at which tasks have started. */
const note = (starts: Starts, committed: ReadonlyArray<Committed>): Starts => {
  for (const { task } of committed.filter(isAgents)) {
    const { state } = task
    if (holdsSlot(state) && "startedAt" in state && state.startedAt !== null)
      starts.set(task.id, state.startedAt)
    else starts.delete(task.id)
  }
  return starts
}

const make = Effect.gen(function* () {
  const settings = yield* Settings
  const resources = yield* Resources
  const running = yield* (yield* TaskStore).list(
    { queue: agentsQueue, status: ["running", "stopping"] },
    { limit: 500 }
  )
  const starts: Starts = new Map(
    running.tasks.flatMap(({ id, state }) =>
      holdsSlot(state) && "startedAt" in state && state.startedAt !== null
        ? [[id, state.startedAt]]
        : []
    )
  )
  let limitedBy: AdmissionLimit | null = null
  let sampledAt = Number.NEGATIVE_INFINITY
  return Admission.of({
    admit: ({ committed, ...request }) =>
      Effect.map(resources.sample, (sample) => {
        sampledAt = request.now
        const startedAt = [...note(new Map(starts), committed).values()]
        return admit(sample, settings.current(), { ...request, startedAt })
      }),
    isSampleFresh: (now, committed) =>
      limitedBy !== null && Math.abs(now - sampledAt) < shortestMs && !committed.some(isAgents),
    limitedBy: () => limitedBy,
    setLimitedBy: (limit) => {
      limitedBy = limit
    },
    onCommit: (committed) => void note(starts, committed)
  })
})

/** Admission by the resources of this machine. */
export const layerAdmission = Layer.effect(Admission, make)
