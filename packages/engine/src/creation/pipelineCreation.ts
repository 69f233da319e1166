/** Creates pipelines: a pipeline and all its tasks are stored in one commit, or nothing is. */
import { makePipelineId } from "@backbeat/core/pipeline/PipelineId"
import { pipelineAggregate } from "@backbeat/core/pipeline/aggregate"
import { nearest } from "@backbeat/contract/nearest"
import { type Problem, problem, atField } from "@backbeat/contract/Problem"
import type { PipelineInput } from "@backbeat/contract/operation/pipeline"
import type { Pipeline } from "@backbeat/core/pipeline/Pipeline"
import type { Task } from "@backbeat/core/task/Task"
import { type Lineage, noLineage } from "@backbeat/core/task/TaskSpec"
import { AggregateStore } from "@backbeat/store/AggregateStore"
import { TaskStore } from "@backbeat/store/TaskStore"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { Home } from "../home/Home.ts"
import type { FullTx } from "../commit/CommitRules.ts"
import { Transitions } from "../commit/Transitions.ts"
import { toProblem, type HandlerError } from "../call/Call.ts"
import { storeEnvironment } from "./storeEnvironment.ts"
import { makeFreeIds } from "./freeIds.ts"
import { type RequestEffects, createdButRemoved, makeIdempotent } from "./idempotent.ts"
import {
  idsOf,
  itemsOf,
  keysOf,
  type PipelineItem,
  pipelineExists,
  problemOfTask
} from "./pipelineItems.ts"
import { type Origin, ownerOf } from "./Origin.ts"
import { makeCreateTask, type CreationContext } from "./createTask.ts"
import { once } from "../wiring/once.ts"

/** Suggests a task of the same call in place of a missing dependency. */
const withSuggestion = (rejection: Problem, names: ReadonlyArray<string>): Problem => {
  const isMissing = rejection.type === "DependencyNotFound" && rejection.id !== undefined
  const near = isMissing ? nearest(rejection.id, names) : null
  return near === null ? rejection : { ...rejection, hint: `Did you mean ${near}?` }
}

/** The problem of a task that cannot be stored. A store error does not belong to one task. */
const toItemProblem = (
  { path }: PipelineItem,
  names: ReadonlyArray<string>,
  error: HandlerError
): Problem => {
  const rejection = toProblem(error)
  return error._tag === "StoreError"
    ? rejection
    : problemOfTask(path, withSuggestion(rejection, names))
}

/** Rejects a pipeline under the id of a task. */
const idIsOfTask = ({ id, state: { status } }: Task): Problem =>
  atField(
    "id",
    problem(
      "IllegalTransition",
      `${id} is the id of a task that is ${status}`,
      "Use another id, or remove id to get a new one.",
      { id, status }
    )
  )

/** Builds the check that rejects an id that is already in use. */
const makeCheckFree = Effect.gen(function* () {
  const tasks = yield* TaskStore
  const aggregates = yield* AggregateStore
  return Effect.fnUntraced(function* ({ id }: PipelineInput) {
    const existing = id === undefined ? null : yield* aggregates.find(pipelineAggregate, id)
    if (existing !== null)
      return yield* Effect.fail(pipelineExists(existing.id, existing.state.status))
    const task = id === undefined ? null : yield* tasks.find(id)
    if (task !== null) return yield* Effect.fail(idIsOfTask(task))
  })
})

type Source = NonNullable<Lineage["source"]>

/**
 * Builds the function that stores a pipeline and its tasks in a transaction, each after its
 * dependencies. `source` is the thing of another kind that started it.
 */
export const makeStorePipeline = once(
  Effect.gen(function* () {
    const checkFree = yield* makeCheckFree
    const createTask = yield* makeCreateTask
    const { freeIds, freeIdOf } = yield* makeFreeIds

    return (tx: FullTx, input: PipelineInput, context: CreationContext, source?: Source) =>
      Effect.gen(function* () {
        const { origin } = context
        const owner = ownerOf(origin, 0)
        const id = input.id ?? (yield* freeIdOf(makePipelineId, origin))
        yield* checkFree(input)
        const { items, order } = yield* Effect.fromResult(
          itemsOf(yield* freeIds(idsOf(id, input)), input)
        )
        const made = {
          id,
          name: input.name ?? null,
          taskIds: items.map((item) => item.input.id),
          owner
        }
        const pipeline = yield* tx
          .of(pipelineAggregate)
          .create(
            id,
            { type: "pipeline.created", name: made.name, taskIds: made.taskIds, owner },
            origin.actor
          )
        const lineage = {
          ...noLineage,
          pipelineId: id,
          ...(source === undefined ? {} : { source })
        }
        for (const index of order) {
          const item = items[index]
          if (item === undefined) continue
          yield* Effect.mapError(
            createTask(tx, { input: item.input, index, lineage }, context),
            (error) => toItemProblem(item, [...keysOf(input), ...made.taskIds], error)
          )
        }
        return pipeline
      }).pipe(Effect.mapError(toProblem))
  })
)

/** The part under which a call records its pipeline. */
const part = "pipeline"

/** Builds the functions that create pipelines. */
export const makePipelineCreation = once(
  Effect.gen(function* () {
    const { root } = yield* Home
    const aggregates = yield* AggregateStore
    const transitions = yield* Transitions
    const make = yield* makeStorePipeline
    const idempotent = yield* makeIdempotent

    /** Returns the pipeline that an earlier delivery of the call created, or creates it now. */
    const createOnce = Effect.fnUntraced(function* (
      tx: FullTx,
      input: PipelineInput,
      { before, note, ...context }: CreationContext & RequestEffects
    ) {
      const recorded = before.get(part)
      if (recorded !== undefined)
        return (
          (yield* aggregates.find(pipelineAggregate, recorded.id)) ??
          (yield* Effect.fail(createdButRemoved("pipeline", recorded.id)))
        )
      const made = yield* make(tx, input, context)
      note(part, { id: made.id, attempt: 1 })
      return made
    })

    /** Creates a pipeline. A rejected pipeline leaves nothing in the store or on the disk. */
    const create = (input: PipelineInput, origin: Origin): Effect.Effect<Pipeline, Problem> =>
      Effect.suspend(() => {
        const undos: Array<() => void> = []
        const saveEnvironment: CreationContext["saveEnvironment"] = (id, requestId, env) =>
          Effect.map(storeEnvironment(root, id, requestId, env), (undo) => void undos.push(undo))
        const undo = Effect.sync(() => {
          for (const each of undos.toReversed()) each()
        })
        return transitions
          .commit((tx) =>
            idempotent(tx, origin, (effects) =>
              createOnce(tx, input, { origin, saveEnvironment, seen: new Map(), ...effects })
            )
          )
          .pipe(
            Effect.onExit((exit) => (Exit.isSuccess(exit) ? Effect.void : undo)),
            Effect.mapError(toProblem)
          )
      })

    /** Creates a pipeline as a dry run. Agents need not be installed. Stores nothing. */
    const dryRun = (input: PipelineInput, origin: Origin): Effect.Effect<Pipeline, Problem> =>
      transitions
        .dryRun((tx) =>
          make(tx, input, {
            origin,
            saveEnvironment: () => Effect.void,
            isDryRun: true,
            seen: new Map()
          })
        )
        .pipe(Effect.mapError(toProblem))

    return { create, dryRun }
  })
)
