/** Makes pipelines: all tasks of one are stored in one commit with it, or nothing is. */
import { pipelineAggregate } from "@backbeat/core/pipeline/aggregate"
import { nearest } from "@backbeat/contract/nearest"
import { type Problem, problem, atField } from "@backbeat/contract/Problem"
import type { PipelineInput } from "@backbeat/contract/operation/pipeline"
import type { Pipeline } from "@backbeat/core/pipeline/Pipeline"
import type { Task } from "@backbeat/core/task/Task"
import { noLineage } from "@backbeat/core/task/TaskSpec"
import { AggregateStore } from "@backbeat/store/AggregateStore"
import { TaskStore } from "@backbeat/store/TaskStore"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { Home } from "../home/Home.ts"
import type { FullTx } from "../commit/CommitRules.ts"
import { Transitions } from "../commit/Transitions.ts"
import { toProblem, type Trouble } from "../call/Call.ts"
import { keepFor } from "./keepFor.ts"
import { makeNaming } from "./naming.ts"
import { type RequestEffects, madeAndGone, makeIdempotent } from "./idempotent.ts"
import {
  idsOf,
  itemsOf,
  keysOf,
  type PipelineItem,
  pipelineExists,
  ofTask
} from "./pipelineItems.ts"
import { type Origin, ownerOf } from "./Origin.ts"
import { makeCreateTask, type Starting } from "./createTask.ts"
import { once } from "../wiring/once.ts"

/** A dependency that is missing is likely meant to be another task of the call. */
const suggesting = (told: Problem, names: ReadonlyArray<string>): Problem => {
  const isMissing = told.type === "DependencyNotFound" && told.id !== undefined
  const near = isMissing ? nearest(told.id, names) : null
  return near === null ? told : { ...told, hint: `Did you mean ${near}?` }
}

/** What the caller is told of a task that cannot be stored. That the store fails has nothing to do with the task. */
const ofItem = (
  { path }: PipelineItem,
  names: ReadonlyArray<string>,
  trouble: Trouble
): Problem => {
  const told = toProblem(trouble)
  return trouble._tag === "StoreError" ? told : ofTask(path, suggesting(told, names))
}

/** No pipeline may be made under the id of a task. */
const isTask = ({ id, state: { status } }: Task): Problem =>
  atField(
    "id",
    problem(
      "IllegalTransition",
      `${id} is the id of a task that is ${status}`,
      "Use another id, or remove id to get a new one.",
      { id, status }
    )
  )

/** Refuses an id that stands for something already; made once. */
const makeCheckFree = Effect.gen(function* () {
  const tasks = yield* TaskStore
  const aggregates = yield* AggregateStore
  return Effect.fnUntraced(function* ({ id }: PipelineInput) {
    const existing = id === undefined ? null : yield* aggregates.find(pipelineAggregate, id)
    if (existing !== null)
      return yield* Effect.fail(pipelineExists(existing.id, existing.state.status))
    const task = id === undefined ? null : yield* tasks.find(id)
    if (task !== null) return yield* Effect.fail(isTask(task))
  })
})

/** Under which a call notes its pipeline. */
const part = "pipeline"

/** Makes pipelines; made once. */
export const makePipelineCreation = once(
  Effect.gen(function* () {
    const { root } = yield* Home
    const aggregates = yield* AggregateStore
    const checkFree = yield* makeCheckFree
    const transitions = yield* Transitions
    const createTask = yield* makeCreateTask
    const idempotent = yield* makeIdempotent
    const { freeIds, freePipelineId } = yield* makeNaming

    /** Stores a pipeline with its tasks, each behind what it depends on. */
    const make = (tx: FullTx, input: PipelineInput, starting: Starting) =>
      Effect.gen(function* () {
        const { origin } = starting
        const owner = ownerOf(origin, 0)
        const id = input.id ?? (yield* freePipelineId(origin))
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
        const lineage = { ...noLineage, pipelineId: id }
        for (const index of order) {
          const item = items[index]
          if (item === undefined) continue
          yield* Effect.mapError(
            createTask(tx, { input: item.input, index, lineage }, starting),
            (trouble) => ofItem(item, [...keysOf(input), ...made.taskIds], trouble)
          )
        }
        return pipeline
      }).pipe(Effect.mapError(toProblem))

    /** The pipeline that the call has made, whatever has become of it, or makes now. */
    const makeOne = Effect.fnUntraced(function* (
      tx: FullTx,
      input: PipelineInput,
      { before, note, ...starting }: Starting & RequestEffects
    ) {
      const noted = before.get(part)
      if (noted !== undefined)
        return (
          (yield* aggregates.find(pipelineAggregate, noted.id)) ??
          (yield* Effect.fail(madeAndGone("pipeline", noted.id)))
        )
      const made = yield* make(tx, input, starting)
      note(part, { id: made.id, attempt: 1 })
      return made
    })

    /** Makes a pipeline. Of one that is refused nothing is left, neither in the store nor on the disk. */
    const create = (input: PipelineInput, origin: Origin): Effect.Effect<Pipeline, Problem> =>
      Effect.suspend(() => {
        const takeBacks: Array<() => void> = []
        const keep: Starting["keep"] = (id, requestId, env) =>
          Effect.map(keepFor(root, id, requestId, env), (takeBack) => void takeBacks.push(takeBack))
        const takeBack = Effect.sync(() => {
          for (const each of takeBacks.toReversed()) each()
        })
        return transitions
          .commit((tx) =>
            idempotent(tx, origin, (doing) =>
              makeOne(tx, input, { origin, keep, seen: new Map(), ...doing })
            )
          )
          .pipe(
            Effect.onExit((exit) => (Exit.isSuccess(exit) ? Effect.void : takeBack)),
            Effect.mapError(toProblem)
          )
      })

    /** The pipeline as it would be made once its agents are installed. Nothing is stored or kept. */
    const dryRun = (input: PipelineInput, origin: Origin): Effect.Effect<Pipeline, Problem> =>
      transitions
        .dryRun((tx) =>
          make(tx, input, { origin, keep: () => Effect.void, isDryRun: true, seen: new Map() })
        )
        .pipe(Effect.mapError(toProblem))

    return { create, dryRun }
  })
)
