/** Starts payloads, one or many: everything of one call is stored in one commit. */
import { pipelineAggregate } from "@backbeat/core/pipeline/aggregate"
import { problem, type Problem } from "@backbeat/contract/Problem"
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
import type { Variables } from "../home/KeptEnvironment.ts"
import { originIn } from "../configuration/resolve.ts"
import { Settings } from "../configuration/Settings.ts"
import { limitsOf } from "../process/inheritance.ts"
import { aliveOfStranger } from "../attempt/strangers.ts"
import { Transitions } from "../commit/Transitions.ts"
import type { Tx } from "../commit/Tx.ts"
import { agentUnavailable, namingInstalled } from "./agentWork.ts"
import { actorOf, batchOf, type Call, outcomeOf } from "../call/Call.ts"
import { refusedSpawn } from "./checkSpawn.ts"
import { arrange, makeStandings } from "./dependencies.ts"
import { type Found, foundOf, refusedEnded } from "./existing.ts"
import { keepFor } from "./keepFor.ts"
import { makeNaming } from "./naming.ts"
import { type Doing, makeOnce } from "./once.ts"
import { makeQuota } from "./quota.ts"
import { dependsOnOf } from "./shortForms.ts"
import { isPipeline, isStep, isStranger, refusedLive } from "./takenId.ts"
import { type Setting, type Specified, specify } from "./taskSpec.ts"

/** One payload of a call; `index` is its place in the array. */
export interface Item {
  readonly input: StartInput
  readonly index: number
  /** Where it comes from; by itself when absent. */
  readonly lineage?: Lineage
}

/** What is to become of an id. */
interface Wanted {
  readonly specified: Specified
  readonly owner: Owner
  readonly lineage: Lineage | undefined
}

/** On whose behalf something is started, and how its environment is kept. */
export interface Starting {
  readonly call: Call
  readonly keep: (id: string, requestId: string, env: Variables) => Effect.Effect<void, StoreError>
  /** Whether it is only rehearsed: an agent that is not installed is then no reason to refuse. */
  readonly rehearsed?: boolean
  /** What was depended on so far in this transaction. */
  readonly seen: Map<string, Task>
  /** The tasks that were there already and are answered as they are, by the place of their item. */
  readonly found?: Map<number, Found>
}

/** What became of one payload. */
export interface Started {
  readonly index: number
  readonly found?: Found | undefined
  readonly result: Result.Result<Task, Problem>
}

/** What a payload is read with. */
interface Reading extends Pick<Setting, "config" | "originOf" | "now"> {
  readonly call: Call
  readonly rehearsed: boolean
}

/** The specification of a payload. Fails with CommandInputError, and with AgentUnavailable where it is not only rehearsed. */
const specifiedFor = (
  input: StartInput,
  { call: { caller }, rehearsed, ...reading }: Reading
): Result.Result<Specified, Problem> => {
  const callersEnv = caller.env ?? {}
  const { config } = reading
  const setting = {
    ...reading,
    cwd: caller.cwd,
    umask: caller.umask ?? 0o022,
    processLimits: limitsOf(caller),
    callersEnv
  }
  return Result.gen(function* () {
    const specified = yield* Result.mapError(specify(input, setting), (told) =>
      namingInstalled(told, config, callersEnv)
    )
    const unavailable = rehearsed ? null : agentUnavailable(specified.spec, specified.env, config)
    return unavailable === null
      ? specified
      : yield* Result.fail(namingInstalled(unavailable, config, specified.env))
  })
}

/** Starts one payload in a transaction; made once. Fails with the Problem, IllegalTransition or StoreError that refuses it. */
export const makeStartOne = Effect.gen(function* () {
  const { root } = yield* Home
  const store = yield* TaskStore
  const ids = yield* IdStore
  const aggregates = yield* AggregateStore
  const settings = yield* Settings
  const quota = yield* makeQuota
  const { ownerOf, freeId } = yield* makeNaming
  const { standing } = yield* makeStandings

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
    if ((yield* ids.kindOf(id)) === "pipeline") return yield* Effect.fail(isPipeline(id))
    const alive = aliveOfStranger(root, id)
    if (alive.length > 0) return yield* Effect.fail(isStranger(id, alive))
  })

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
    const refusal =
      (live
        ? refusedLive(root, task, { ...item, ...wanted })
        : refusedEnded(task, input, wanted)) ?? refusedSpawn(input, wanted.specified)
    if (refusal !== null) return yield* Effect.fail(refusal)
    // A step that is started again by itself is still one of its pipeline's.
    const lineage = {
      ...(wanted.lineage ?? { ...noLineage, pipelineId: task.lineage.pipelineId }),
      ...batchOf(wanted.call)
    }
    yield* quota.checkDepth(wanted.owner.depth)
    if (!live) yield* quota.checkLive
    const anew = { spec, reason: null, owner: wanted.owner, lineage }
    const changed = yield* tx.restart(
      task,
      anew,
      yield* standing(spec.dependsOn, wanted.seen, dependsOnOf(input).length),
      actorOf(wanted.call)
    )
    // Only now: a task that cannot be restarted keeps the environment that it has.
    yield* wanted.keep(task.id, wanted.owner.requestId ?? "", env)
    return changed
  })

  return Effect.fnUntraced(function* (tx: Tx, item: Item, starting: Starting) {
    const { call, keep, seen } = starting
    const { input, index, lineage } = item
    const reading = {
      call,
      config: settings.current(),
      originOf: (key: "timeout" | "maxOutputBytes") => originIn(settings.resolved(), key),
      now: tx.now,
      rehearsed: starting.rehearsed === true
    }
    const specified = yield* Effect.fromResult(specifiedFor(input, reading))
    const owner = yield* ownerOf(input.sessionId ?? null, index, call)
    const id = input.id ?? (yield* freeId(call, index))
    const existing = input.id === undefined ? null : yield* store.find(id)
    if (existing !== null)
      return yield* startAnew(tx, existing, item, { ...starting, specified, owner, lineage })
    yield* quota.checkDepth(owner.depth)
    yield* quota.checkLive
    yield* checkFree(input)
    const refusal = refusedSpawn(input, specified)
    if (refusal !== null) return yield* Effect.fail(refusal)
    const stands = yield* standing(specified.spec.dependsOn, seen, dependsOnOf(input).length)
    yield* keep(id, owner.requestId, specified.env)
    return yield* tx.create(
      { id, spec: specified.spec, owner, lineage: { ...(lineage ?? noLineage), ...batchOf(call) } },
      stands,
      actorOf(call)
    )
  })
})

/** What an item needs, by its place in the payload. */
const needsOf = ({
  input
}: Item): ReadonlyArray<{ readonly id: string; readonly path: string }> => [
  ...dependsOnOf(input).map((each, at) => ({
    id: typeof each === "string" ? each : each.task,
    path: `dependsOn[${at}]`
  })),
  ...(input.continueFrom === undefined ? [] : [{ id: input.continueFrom, path: "continueFrom" }])
]

/** Why an item cannot be started when this call refused what it needs: that is neither missing from the call nor mistyped. */
const lacks = (item: Item, lost: ReadonlyMap<string, number>): Problem | null => {
  const need = needsOf(item).find(({ id }) => lost.has(id))
  const refused = need === undefined ? undefined : lost.get(need.id)
  if (need === undefined || refused === undefined) return null
  return problem(
    "DependencyNotFound",
    `${need.path}: ${need.id} was rejected in this call`,
    `Correct item ${refused} as its error says, then start both again.`,
    { ...need, item: refused }
  )
}

/** Starts payloads. Made once; an item's failure leaves the others as they are. */
export const makeStarter = Effect.gen(function* () {
  const { root } = yield* Home
  const transitions = yield* Transitions
  const startOne = yield* makeStartOne
  const once = yield* makeOnce
  const keep: Starting["keep"] = (id, requestId, env) =>
    Effect.asVoid(keepFor(root, id, requestId, env))

  /** A task that was found is noted as such, so that the call says it again when it is sent again. */
  const startNoted = Effect.fnUntraced(function* (tx: Tx, item: Item, starting: Starting & Doing) {
    const part = String(item.index)
    const found = new Map<number, Found>()
    const result = yield* outcomeOf(
      item.input.id ?? "",
      starting.task(part, startOne(tx, item, { ...starting, found }))
    )
    const its = found.get(item.index)
    if (its !== undefined && Result.isSuccess(result))
      starting.note(part, {
        id: result.success.id,
        attempt: result.success.state.attempt,
        found: its
      })
    return {
      index: item.index,
      result,
      found: its ?? starting.before.get(part)?.found
    } satisfies Started
  })

  /** An item never runs after an old task in place of one that this call refused. */
  const startEach = Effect.fnUntraced(function* (
    tx: Tx,
    items: ReadonlyArray<Item>,
    starting: Starting & Doing & { readonly refused: ReadonlyMap<string, number> }
  ) {
    const lost = new Map(starting.refused)
    const stored = new Set<string>()
    const all: Array<Started> = []
    for (const item of items) {
      const refusal = lacks(item, lost)
      const started =
        refusal === null
          ? yield* startNoted(tx, item, starting)
          : { index: item.index, result: Result.fail(refusal) }
      const { id } = item.input
      if (Result.isSuccess(started.result)) stored.add(started.result.success.id)
      if (id !== undefined && stored.has(id)) lost.delete(id)
      else if (id !== undefined) lost.set(id, item.index)
      all.push(started)
    }
    return all
  })

  /** `undecoded` are the ids of items that could not be decoded, with their places. */
  return (
    items: ReadonlyArray<Item>,
    call: Call,
    undecoded: ReadonlyMap<string, number> = new Map()
  ): Effect.Effect<ReadonlyArray<Started>, StoreError> => {
    const { order, refused } = arrange(items.map(({ input }) => input))
    const arranged = order.flatMap((place) => items[place] ?? [])
    const cyclic = items.flatMap(({ index }, place): ReadonlyArray<Started> => {
      const refusal = refused.get(place)
      return refusal === undefined ? [] : [{ index, result: Result.fail(refusal) }]
    })
    const lost = new Map([
      ...undecoded,
      ...items.flatMap(({ index, input: { id } }, place) =>
        id !== undefined && refused.has(place) ? [[id, index] as const] : []
      )
    ])
    const started = transitions.commit((tx) =>
      once(tx, call, (doing) =>
        startEach(tx, arranged, { call, keep, seen: new Map(), refused: lost, ...doing })
      )
    )
    return Effect.map(started, (all) => [...cyclic, ...all])
  }
})
