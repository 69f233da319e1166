/** The PipelineStore in memory, for tests and trials. */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { isFinal } from "@backbeat/core/task/TaskState"
import { type PipelineCount, PipelineStore } from "../PipelineStore.ts"
import { removeAggregates } from "./MemoryAggregateStore.ts"
import { type Memory, MemoryDatabase } from "./MemoryDatabase.ts"

/** The PipelineStore in memory. */
export const layerPipelineStore = Layer.effect(
  PipelineStore,
  Effect.map(MemoryDatabase, (database) => make(database))
)

const make = ({ journal, memory }: MemoryDatabase["Service"]): PipelineStore["Service"] => {
  const pipelines = () => [...memory.aggregates.values()].filter(({ kind }) => kind === "pipeline")
  const removeEmpty = (): ReadonlyArray<string> => {
    const empty = pipelines().flatMap(({ id, index: { status } }) =>
      status !== "running" && tasksOf(memory, id).length === 0 ? [id] : []
    )
    removeAggregates(memory, journal, "pipeline", empty)
    return empty
  }
  return {
    counts: (ids) =>
      journal.read(() => [...new Set(ids)].toSorted().flatMap((id) => countsOf(memory, id))),
    readyToConclude: (ids) =>
      journal.read(() =>
        pipelines().flatMap(({ id, index: { status } }) =>
          ids.includes(id) &&
          status === "running" &&
          tasksOf(memory, id).every((task) => isFinal(task.state.status))
            ? [id]
            : []
        )
      ),
    removeEmpty: journal.transact(Effect.sync(removeEmpty))
  }
}

const tasksOf = ({ entries }: Memory, id: string) =>
  [...entries.values()].flatMap(({ task }) => (task.lineage.pipelineId === id ? [task] : []))

const countsOf = (memory: Memory, pipeline: string): ReadonlyArray<PipelineCount> =>
  [...Map.groupBy(tasksOf(memory, pipeline), ({ state }) => state.status)]
    .map(([status, tasks]) => ({ pipeline, status, count: tasks.length }))
    .toSorted((one, two) => (one.status < two.status ? -1 : 1))
