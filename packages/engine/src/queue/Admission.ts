/** Admission to the queue `agents`: what runs in it and since when, the limits, and the machine's resources, put together. */
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

/** What asks for admission at the end of a transaction: `committed` is what it has changed so far. */
export interface Asking {
  readonly waiting: number
  readonly running: number
  readonly now: number
  readonly committed: ReadonlyArray<Committed>
}

/** Admits tasks to the queue `agents`. */
export class Admission extends Context.Service<
  Admission,
  {
    readonly admit: (asking: Asking) => Effect.Effect<AdmissionResult>
    /** Whether a look a moment ago holds still: something was held back, and nothing that has happened since concerns it. */
    readonly isSampleFresh: (now: number, committed: ReadonlyArray<Committed>) => boolean
    /** What holds the next task back; null when nothing does, or nothing waits. */
    readonly held: () => AdmissionLimit | null
    readonly hold: (held: AdmissionLimit | null) => void
    /** What was committed: from it comes what runs since when. */
    readonly hear: (committed: ReadonlyArray<Committed>) => void
  }
>()("@backbeat/engine/Admission") {}

type Starts = Map<string, number>

const isAgents = ({ task }: Committed): boolean => task.spec.queue === agentsQueue

/** Brings the instants at which tasks have started up to date. */
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
  let held: AdmissionLimit | null = null
  let lookedAt = Number.NEGATIVE_INFINITY
  return Admission.of({
    admit: ({ committed, ...asking }) =>
      Effect.map(resources.sample, (sample) => {
        lookedAt = asking.now
        const startedAt = [...note(new Map(starts), committed).values()]
        return admit(sample, settings.current(), { ...asking, startedAt })
      }),
    isSampleFresh: (now, committed) =>
      held !== null && Math.abs(now - lookedAt) < shortestMs && !committed.some(isAgents),
    held: () => held,
    hold: (by) => {
      held = by
    },
    hear: (committed) => void note(starts, committed)
  })
})

/** Admission by the resources of this machine. */
export const layerAdmission = Layer.effect(Admission, make)
