/**
 * Creates a task from a payload in a transaction. If a task has its id, starts another attempt of
 * that task.
 */
import { pipelineAggregate } from "@backbeat/core/pipeline/aggregate"
import { type Problem } from "@backbeat/contract/Problem"
import type { StartInput } from "@backbeat/contract/operation/start"
import { type Lineage, noLineage } from "@backbeat/core/task/TaskSpec"
import { type Owner } from "@backbeat/core/identity/Owner"
import type { Task } from "@backbeat/core/task/Task"
import { isFinal } from "@backbeat/core/task/TaskState"
import { IdStore } from "@backbeat/store/IdStore"
import { AggregateStore } from "@backbeat/store/AggregateStore"
import type { StoreError } from "@backbeat/store/StoreError"
import { TaskStore } from "@backbeat/store/TaskStore"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import { Home } from "../home/Home.ts"
import type { Variables } from "../home/TaskEnvironment.ts"
import { originIn } from "../configuration/resolve.ts"
import { Settings } from "../configuration/Settings.ts"
import { orphanProcesses } from "../attempt/orphanedTasks.ts"
import type { Tx } from "../commit/Tx.ts"
import { agentUnavailable, withInstalledAgents } from "./agentWork.ts"
import { rejectSpawn } from "./checkSpawn.ts"
import { makeDependencyStates } from "./dependencies.ts"
import { type ExistingTask, compareExisting, rejectEnded } from "./existing.ts"
import { makeFreeIds } from "./freeIds.ts"
import { lineageOf, type Origin, ownerOf } from "./Origin.ts"
import { makeQuota } from "./quota.ts"
import { dependsOnOf } from "./shortForms.ts"
import { idIsTaken, isStep, orphanIsAlive, rejectLive } from "./takenId.ts"
import { type SpecContext, type SpecWithEnvironment, specify } from "./taskSpec.ts"
import { once } from "../wiring/once.ts"

/** One payload of a call; `index` is its place in the array. */
export interface Item {
  readonly input: StartInput
  readonly index: number
  /** The lineage of a step of a pipeline; absent for a single task. */
  readonly lineage?: Lineage
}

/** Fails with CommandInputError if the task would start now and cannot. */
const checkSpawn = (...given: Parameters<typeof rejectSpawn>): Effect.Effect<void, Problem> => {
  const rejection = rejectSpawn(...given)
  return rejection === null ? Effect.void : Effect.fail(rejection)
}

/** The specification, owner and lineage that an id is to get. */
interface Wanted {
  readonly specified: SpecWithEnvironment
  readonly owner: Owner
  readonly lineage: Lineage | undefined
}

/** The origin of the tasks of a call, and how their environments are stored. */
export interface CreationContext {
  readonly origin: Origin
  readonly saveEnvironment: (
    id: string,
    requestId: string,
    env: Variables
  ) => Effect.Effect<void, StoreError>
  /** Whether this is a dry run. Then an agent that is not installed is accepted. */
  readonly isDryRun?: boolean
  /** The dependencies that were read so far in this transaction. */
  readonly seen: Map<string, Task>
  /** The existing tasks that are returned unchanged, by the place of their item. */
  readonly found?: Map<number, ExistingTask>
}

/** What converting a payload into a specification needs. */
interface SpecInput extends Pick<SpecContext, "config" | "originOf" | "now"> {
  readonly origin: Origin
  readonly isDryRun: boolean
}

/**
 * The specification of a payload. Fails with CommandInputError, and unless this is a dry run with
 * AgentUnavailable.
 */
const specificationOf = (
  input: StartInput,
  { origin, isDryRun, ...specInput }: SpecInput
): Result.Result<SpecWithEnvironment, Problem> => {
  const { cwd, umask, environment: callersEnv, processLimits } = origin
  const { config } = specInput
  const specContext = { ...specInput, cwd, umask, processLimits, callersEnv }
  return Result.gen(function* () {
    const specified = yield* Result.mapError(specify(input, specContext), (rejection) =>
      withInstalledAgents(rejection, config, callersEnv)
    )
    const unavailable = isDryRun ? null : agentUnavailable(specified.spec, specified.env, config)
    return unavailable === null
      ? specified
      : yield* Result.fail(withInstalledAgents(unavailable, config, specified.env))
  })
}

/** A task that is started again by its own id remains a task of its pipeline, and of its source. */
const keptLineage = ({ lineage: { pipelineId, source } }: Task): Lineage => ({
  ...noLineage,
  pipelineId,
  ...(source === undefined ? {} : { source })
})

/** Builds the checks that reject an id whose task or pipeline must not be replaced. */
const makeCheckId = Effect.gen(function* () {
  const { root } = yield* Home
  const ids = yield* IdStore
  const aggregates = yield* AggregateStore

  /**
   * Rejects other work in the place of a step while its pipeline runs, because the result of the
   * pipeline depends on it.
   */
  const checkOver = Effect.fnUntraced(function* ({ id, lineage }: Task) {
    const pipeline =
      lineage.pipelineId === null
        ? null
        : yield* aggregates.find(pipelineAggregate, lineage.pipelineId)
    if (pipeline?.state.status === "running") return yield* Effect.fail(isStep(id, pipeline.id))
  })

  const checkFree = Effect.fnUntraced(function* ({ id }: StartInput) {
    if (id === undefined) return
    const kind = yield* ids.kindOf(id)
    if (kind !== null) return yield* Effect.fail(idIsTaken(id, kind))
    const alive = orphanProcesses(root, id)
    if (alive.length > 0) return yield* Effect.fail(orphanIsAlive(id, alive))
  })

  return { checkOver, checkFree }
})

/**
 * Builds a function that starts one payload in a transaction. Fails with the Problem,
 * IllegalTransition or StoreError that rejects it.
 */
export const makeCreateTask = once(
  Effect.gen(function* () {
    const { root } = yield* Home
    const store = yield* TaskStore
    const settings = yield* Settings
    const quota = yield* makeQuota
    const { checkOver, checkFree } = yield* makeCheckId
    const { freeId } = yield* makeFreeIds
    const { dependencyState } = yield* makeDependencyStates

    const startAgain = Effect.fnUntraced(function* (
      tx: Tx,
      task: Task,
      item: Item,
      wanted: Wanted & CreationContext
    ) {
      const { input, index } = item
      const { state } = task
      const { spec, env } = wanted.specified
      const live = !isFinal(state.status)
      if ((live ? input.ifRunning : input.ifEnded) === "return") {
        wanted.found?.set(index, compareExisting(root, task, input, wanted.specified))
        return task
      }
      if (wanted.lineage === undefined) yield* checkOver(task)
      const rejection = live
        ? rejectLive(root, task, { ...item, ...wanted })
        : rejectEnded(task, input, wanted)
      if (rejection !== null) return yield* Effect.fail(rejection)
      const dependencies = yield* dependencyState(
        spec.dependsOn,
        wanted.seen,
        dependsOnOf(input).length
      )
      yield* checkSpawn(input, wanted.specified, dependencies)
      const lineage = { ...(wanted.lineage ?? keptLineage(task)), ...lineageOf(wanted.origin) }
      yield* quota.checkDepth(wanted.owner.depth)
      if (!live) yield* quota.checkLive
      const changes = { spec, reason: null, owner: wanted.owner, lineage }
      const changed = yield* tx.restart(task, changes, dependencies, wanted.origin.actor)
      // Only after the restart was accepted: otherwise the task keeps its environment.
      yield* wanted.saveEnvironment(task.id, wanted.owner.requestId ?? "", env)
      return changed
    })

    return Effect.fnUntraced(function* (tx: Tx, item: Item, starting: CreationContext) {
      const { origin, saveEnvironment, seen } = starting
      const { input, index, lineage } = item
      const specInput = {
        origin,
        config: settings.current(),
        originOf: (key: "timeout" | "maxOutputBytes") => originIn(settings.resolved(), key),
        now: tx.now,
        isDryRun: starting.isDryRun === true
      }
      const specified = yield* Effect.fromResult(specificationOf(input, specInput))
      const owner = ownerOf(origin, index, input.sessionId)
      const id = input.id ?? (yield* freeId(origin, index))
      const existing = input.id === undefined ? null : yield* store.find(id)
      if (existing !== null)
        return yield* startAgain(tx, existing, item, { ...starting, specified, owner, lineage })
      yield* quota.checkDepth(owner.depth)
      yield* quota.checkLive
      yield* checkFree(input)
      const dependencies = yield* dependencyState(
        specified.spec.dependsOn,
        seen,
        dependsOnOf(input).length
      )
      yield* checkSpawn(input, specified, dependencies)
      yield* saveEnvironment(id, owner.requestId, specified.env)
      return yield* tx.create(
        {
          id,
          spec: specified.spec,
          owner,
          lineage: { ...(lineage ?? noLineage), ...lineageOf(origin) }
        },
        dependencies,
        origin.actor
      )
    })
  })
)
