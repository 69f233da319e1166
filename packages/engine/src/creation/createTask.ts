/** Creates a task from a payload, or another attempt of the task that has its id, in a transaction. */
import { pipelineAggregate } from "@backbeat/core/pipeline/aggregate"
import { type Problem } from "@backbeat/contract/Problem"
import type { StartInput } from "@backbeat/contract/operation/start"
import { type Lineage, noLineage, type Owner } from "@backbeat/core/task/TaskSpec"
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
import { agentUnavailable, namingInstalled } from "./agentWork.ts"
import { refusedSpawn } from "./checkSpawn.ts"
import { makeStandings } from "./dependencies.ts"
import { type Found, foundOf, refusedEnded } from "./existing.ts"
import { makeNaming } from "./naming.ts"
import { lineageOf, type Origin, ownerOf } from "./Origin.ts"
import { makeQuota } from "./quota.ts"
import { dependsOnOf } from "./shortForms.ts"
import { isOfKind, isStep, orphanIsAlive, refusedLive } from "./takenId.ts"
import { type Setting, type Specified, specify } from "./taskSpec.ts"
import { once } from "../wiring/once.ts"

/** One payload of a call; `index` is its place in the array. */
export interface Item {
  readonly input: StartInput
  readonly index: number
  /** Where it comes from; by itself when absent. */
  readonly lineage?: Lineage
}

/** Fails with CommandInputError when it would start now and cannot. */
const checkSpawn = (...given: Parameters<typeof refusedSpawn>): Effect.Effect<void, Problem> => {
  const refusal = refusedSpawn(...given)
  return refusal === null ? Effect.void : Effect.fail(refusal)
}

/** What is to become of an id. */
interface Wanted {
  readonly specified: Specified
  readonly owner: Owner
  readonly lineage: Lineage | undefined
}

/** On whose behalf something is started, and how its environment is kept. */
export interface Starting {
  readonly origin: Origin
  readonly keep: (id: string, requestId: string, env: Variables) => Effect.Effect<void, StoreError>
  /** Whether it is only isDryRun: an agent that is not installed is then no reason to refuse. */
  readonly isDryRun?: boolean
  /** What was depended on so far in this transaction. */
  readonly seen: Map<string, Task>
  /** The tasks that were there already and are answered as they are, by the place of their item. */
  readonly found?: Map<number, Found>
}

/** What a payload is read with. */
interface Reading extends Pick<Setting, "config" | "originOf" | "now"> {
  readonly origin: Origin
  readonly isDryRun: boolean
}

/** The specification of a payload. Fails with CommandInputError, and with AgentUnavailable where it is not only isDryRun. */
const specifiedFor = (
  input: StartInput,
  { origin, isDryRun, ...reading }: Reading
): Result.Result<Specified, Problem> => {
  const { cwd, umask, environment: callersEnv, processLimits } = origin
  const { config } = reading
  const setting = { ...reading, cwd, umask, processLimits, callersEnv }
  return Result.gen(function* () {
    const specified = yield* Result.mapError(specify(input, setting), (told) =>
      namingInstalled(told, config, callersEnv)
    )
    const unavailable = isDryRun ? null : agentUnavailable(specified.spec, specified.env, config)
    return unavailable === null
      ? specified
      : yield* Result.fail(namingInstalled(unavailable, config, specified.env))
  })
}

/** Refuses ids that stand for something which must not be replaced; made once. */
const makeCheckId = Effect.gen(function* () {
  const { root } = yield* Home
  const ids = yield* IdStore
  const aggregates = yield* AggregateStore

  /** Refuses to put other work in the place of a step while the result of its pipeline depends on it. */
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
    if (kind !== null) return yield* Effect.fail(isOfKind(id, kind))
    const alive = orphanProcesses(root, id)
    if (alive.length > 0) return yield* Effect.fail(orphanIsAlive(id, alive))
  })

  return { checkOver, checkFree }
})

/** Starts one payload in a transaction; made once. Fails with the Problem, IllegalTransition or StoreError that refuses it. */
export const makeCreateTask = once(
  Effect.gen(function* () {
    const { root } = yield* Home
    const store = yield* TaskStore
    const settings = yield* Settings
    const quota = yield* makeQuota
    const { checkOver, checkFree } = yield* makeCheckId
    const { freeId } = yield* makeNaming
    const { standing } = yield* makeStandings

    const startAnew = Effect.fnUntraced(function* (
      tx: Tx,
      task: Task,
      item: Item,
      wanted: Wanted & Starting
    ) {
      const { input, index } = item
      const { state } = task
      const { spec, env } = wanted.specified
      const live = !isFinal(state.status)
      if ((live ? input.ifRunning : input.ifEnded) === "return") {
        wanted.found?.set(index, foundOf(root, task, input, wanted.specified))
        return task
      }
      if (wanted.lineage === undefined) yield* checkOver(task)
      const refusal = live
        ? refusedLive(root, task, { ...item, ...wanted })
        : refusedEnded(task, input, wanted)
      if (refusal !== null) return yield* Effect.fail(refusal)
      const stands = yield* standing(spec.dependsOn, wanted.seen, dependsOnOf(input).length)
      yield* checkSpawn(input, wanted.specified, stands)
      // A step that is started again by itself is still one of its pipeline's.
      const lineage = {
        ...(wanted.lineage ?? { ...noLineage, pipelineId: task.lineage.pipelineId }),
        ...lineageOf(wanted.origin)
      }
      yield* quota.checkDepth(wanted.owner.depth)
      if (!live) yield* quota.checkLive
      const anew = { spec, reason: null, owner: wanted.owner, lineage }
      const changed = yield* tx.restart(task, anew, stands, wanted.origin.actor)
      // Only now: a task that cannot be restarted keeps the environment that it has.
      yield* wanted.keep(task.id, wanted.owner.requestId ?? "", env)
      return changed
    })

    return Effect.fnUntraced(function* (tx: Tx, item: Item, starting: Starting) {
      const { origin, keep, seen } = starting
      const { input, index, lineage } = item
      const reading = {
        origin,
        config: settings.current(),
        originOf: (key: "timeout" | "maxOutputBytes") => originIn(settings.resolved(), key),
        now: tx.now,
        isDryRun: starting.isDryRun === true
      }
      const specified = yield* Effect.fromResult(specifiedFor(input, reading))
      const owner = ownerOf(origin, index, input.sessionId)
      const id = input.id ?? (yield* freeId(origin, index))
      const existing = input.id === undefined ? null : yield* store.find(id)
      if (existing !== null)
        return yield* startAnew(tx, existing, item, { ...starting, specified, owner, lineage })
      yield* quota.checkDepth(owner.depth)
      yield* quota.checkLive
      yield* checkFree(input)
      const stands = yield* standing(specified.spec.dependsOn, seen, dependsOnOf(input).length)
      yield* checkSpawn(input, specified, stands)
      yield* keep(id, owner.requestId, specified.env)
      return yield* tx.create(
        {
          id,
          spec: specified.spec,
          owner,
          lineage: { ...(lineage ?? noLineage), ...lineageOf(origin) }
        },
        stands,
        origin.actor
      )
    })
  })
)
