/** Answers `plan`: what a start or a pipeline would do. Stores and starts nothing. */
import { CallerSurface, written } from "../call/written.ts"
import type { Surface } from "@backbeat/contract/surface/Surface"
import { callOf, sentence } from "@backbeat/contract/Text"
import { decodePayload } from "@backbeat/contract/decodePayload"
import { plan } from "@backbeat/contract/operation/discover"
import { pipelineCreate } from "@backbeat/contract/operation/pipeline"
import { start, type StartInput } from "@backbeat/contract/operation/start"
import type { Problem } from "@backbeat/contract/Problem"
import type { Input } from "@backbeat/contract/table"
import { isSatisfied } from "@backbeat/core/graph/resolveDependents"
import type { Dependency } from "@backbeat/core/task/Dependency"
import type { Task } from "@backbeat/core/task/Task"
import type { TaskSpec } from "@backbeat/core/task/TaskSpec"
import { isFinal, lastAttempt } from "@backbeat/core/task/TaskState"
import { TaskStore } from "@backbeat/store/TaskStore"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import { Pauses } from "../queue/Pauses.ts"
import { agentOf, callSetting } from "../configuration/knownAgents.ts"
import type { Configuration } from "../configuration/configuration.ts"
import { originIn } from "../configuration/resolve.ts"
import { Settings } from "../configuration/Settings.ts"
import type { Origin } from "../creation/Origin.ts"
import { makeOriginOf } from "../creation/originOf.ts"
import { resolveCommand } from "../process/resolveCommand.ts"
import { checkCount } from "../call/checkCount.ts"
import { busyIn, slotsOf } from "../queue/slots.ts"
import { unlimitedQueues } from "../queue/unlimitedQueue.ts"
import { actorName } from "../call/actorName.ts"
import { agentUnavailable, loginWarnings } from "../creation/agentWork.ts"
import { type Call, handle, toProblem } from "../call/Call.ts"
import { arrange, makeDependencyStates } from "../creation/dependencies.ts"
import { joinProblems } from "../call/joinProblems.ts"
import { makePipelineCreation } from "../creation/pipelineCreation.ts"
import { idsOf, itemsOf, problemOfTask } from "../creation/pipelineItems.ts"
import { rejectionWarning, makeDryRunStart, describeRejection } from "../creation/dryRunStart.ts"
import { iso } from "../view/taskAnswer.ts"
import { type SpecWithEnvironment, specify } from "../creation/taskSpec.ts"
import { wrongField } from "../call/wrongField.ts"

/** A placeholder for the id of the new pipeline; no real id looks like this. */
const idToBe = "<pipeline>"

const commandLineOf = ({ work }: TaskSpec, config: Configuration): ReadonlyArray<string> => {
  if (work.kind === "command") return [work.command, ...work.args]
  if (work.kind === "script") return ["/bin/sh", "<the script, in a file of the attempt>"]
  const agent = agentOf(config, work.agent)
  return agent === null
    ? [work.agent]
    : agent.call(
        work,
        callSetting(config, agent, { folder: "<the folder of the attempt>", env: {} })
      ).argv
}

const unstartable = "it could not start"

/** The command line that would run, and warnings about it. */
const spawning = (specified: SpecWithEnvironment, config: Configuration, surface: Surface) => {
  const { spec, env } = specified
  const argv = commandLineOf(spec, config)
  const resolved = resolveCommand({ argv, cwd: spec.cwd, env })
  const { work } = spec
  const unavailable = agentUnavailable(spec, env, config)
  const unspawned = resolved.kind === "notSpawned" ? `${unstartable}: ${resolved.message}` : null
  const rejection = unavailable === null ? unspawned : describeRejection(unavailable, surface)
  const warnings = [
    ...(rejection === null ? loginWarnings(specified.spec, specified.env, config) : [rejection]),
    ...(work.kind === "prompt" && work.permissionMode === "full"
      ? [`${work.agent} would run without any permission check (permissionMode full)`]
      : [])
  ]
  return { argv: resolved.kind === "resolved" ? [resolved.path, ...argv.slice(1)] : argv, warnings }
}

const isMany = <A>(payload: A | ReadonlyArray<A>): payload is ReadonlyArray<A> =>
  Array.isArray(payload)

/** Other tasks of the call: their ids, and those that would be cancelled at once. */
interface Ahead {
  readonly newIds: ReadonlySet<string>
  readonly cancelled: Set<string>
}

/** Facts about a task beside its payload: why the store would reject it, or null. */
interface PlannedTask extends Ahead {
  readonly refused: Problem | null
}

/** Describes what a start would do with the existing task of the id. */
const describeExisting = ({ id, state }: Task, { ifRunning, ifEnded }: StartInput): string => {
  if (isFinal(state.status) && ifEnded === "return")
    return `task ${id} is ${state.status}: start would return it unchanged (ifEnded return)`
  if (isFinal(state.status))
    return `task ${id} exists: this would run as its attempt ${lastAttempt(state) + 1}`
  const what =
    ifRunning === "return"
      ? "start would return it unchanged"
      : `it would restart as attempt ${lastAttempt(state) + 1}`
  return `task ${id} is ${state.status}: ${what} (ifRunning ${ifRunning ?? "error"})`
}

/** Builds the warnings about what would keep a task from starting at once. */
const makeWarningsOf = Effect.gen(function* () {
  const store = yield* TaskStore
  const settings = yield* Settings
  const pauses = yield* Pauses

  const unsatisfiable = Effect.fnUntraced(function* (
    { task: id, on }: Dependency,
    { newIds, cancelled }: Ahead
  ) {
    const needed = on === "success" ? "" : ` (on ${on})`
    const cancelledAtOnce = (end: string) => [
      `it would be cancelled at once: it depends on ${id}${needed}, which ${end}`
    ]
    if (newIds.has(id))
      return on === "success" && cancelled.has(id) ? cancelledAtOnce("would be cancelled") : []
    const state = (yield* Effect.mapError(store.find(id), toProblem))?.state
    return state !== undefined && isSatisfied(on, state) === false
      ? cancelledAtOnce(state.status === "cancelled" ? "was cancelled" : state.status)
      : []
  })

  const pausedOne = Effect.fnUntraced(function* (queue: string) {
    const pause = (yield* Effect.mapError(pauses.all, toProblem)).get(queue)
    if (pause === undefined) return []
    const reason = pause.reason === null ? "" : `: ${pause.reason}`
    return [
      yield* written([
        `queue ${queue} was paused by ${actorName(pause.actor)}${reason}.`,
        sentence`It would wait for: ${callOf("queue resume", { queue })}`
      ])
    ]
  })

  return Effect.fnUntraced(function* (
    input: StartInput,
    spec: TaskSpec,
    { refused, ...ahead }: PlannedTask
  ) {
    const { id } = input
    const existing = id === undefined ? null : yield* Effect.mapError(store.find(id), toProblem)
    const config = settings.current()
    const busy = busyIn(yield* Effect.mapError(store.busy, toProblem), spec.queue)
    const slots = slotsOf(config, spec.queue)
    const cancelledAtOnce = (yield* Effect.forEach(spec.dependsOn, (each) =>
      unsatisfiable(each, ahead)
    )).flat()
    if (cancelledAtOnce.length > 0 && id !== undefined) ahead.cancelled.add(id)
    return [
      ...(refused === null ? [] : [rejectionWarning(refused, yield* CallerSurface)]),
      ...cancelledAtOnce,
      ...(yield* pausedOne(spec.queue)),
      ...(existing === null || refused !== null ? [] : [describeExisting(existing, input)]),
      ...(spec.timeoutFrom?.includes("variable") === true
        ? [`the timeout of each attempt is ${spec.timeout} ms, from ${spec.timeoutFrom}`]
        : []),
      ...(spec.maxOutputBytesFrom?.includes("variable") === true
        ? [
            `${spec.maxOutputBytes} bytes of each stream are kept: set by ${spec.maxOutputBytesFrom}`
          ]
        : []),
      ...unlimitedQueues(config, [spec.queue], yield* CallerSurface),
      ...(busy >= slots ? [`queue ${spec.queue} is full (${busy} of ${slots}): it would wait`] : [])
    ]
  })
})

/** Builds a function that plans one task of a call, after its dependencies in the call. */
const makePlanOne = Effect.gen(function* () {
  const settings = yield* Settings
  const { checkKnown } = yield* makeDependencyStates
  const warningsOf = yield* makeWarningsOf

  return Effect.fnUntraced(function* (input: StartInput, origin: Origin, plannedTask: PlannedTask) {
    const now = yield* Clock.currentTimeMillis
    const context = {
      cwd: origin.cwd,
      umask: origin.umask,
      processLimits: origin.processLimits,
      callersEnv: origin.environment,
      config: settings.current(),
      originOf: (key: "timeout" | "maxOutputBytes") => originIn(settings.resolved(), key),
      now
    }
    const specified = yield* Effect.fromResult(specify(input, context))
    const { spec } = specified
    yield* Effect.mapError(checkKnown(spec.dependsOn, plannedTask.newIds), toProblem)
    const { argv, warnings } = spawning(specified, context.config, yield* CallerSurface)
    const notBefore = spec.notBefore === null ? null : iso(spec.notBefore)
    return {
      id: input.id ?? null,
      argv,
      cwd: spec.cwd,
      dependsOn: spec.dependsOn,
      spec: { ...spec, notBefore },
      startsAt: notBefore,
      warnings: [
        ...(yield* warningsOf(input, spec, plannedTask)),
        ...(plannedTask.refused === null
          ? warnings
          : warnings.filter((each) => !each.startsWith(unstartable)))
      ]
    }
  })
})

/** Processes items in the given order, and returns the results in the order of the items. */
const inOrder = <A, B, E>(
  items: ReadonlyArray<A>,
  order: ReadonlyArray<number>,
  work: (item: A, index: number) => Effect.Effect<B, E>
) =>
  Effect.map(
    Effect.forEach(order, (index) =>
      Effect.forEach(items.slice(index, index + 1), (item) =>
        Effect.map(work(item, index), (answer) => ({ index, answer }))
      )
    ),
    (done) =>
      done
        .flat()
        .toSorted((one, two) => one.index - two.index)
        .map(({ answer }) => answer)
  )

/** Without the path: the message is about the whole item and names the field. */
const asRejection = (problem: Problem, surface: Surface): Problem => {
  const { path: _, ...rest } = problem
  return { ...rest, message: rejectionWarning(problem, surface) }
}

/**
 * Well-formed items that would be rejected. What depends on a bad item is reported with that item.
 */
const furtherRejections = (
  rejections: ReadonlyMap<number, Problem>,
  items: ReadonlyArray<{ readonly index: number }>,
  surface: Surface
) =>
  [...rejections]
    .filter(([, { type }]) => type !== "DependencyNotFound")
    .map(([place, problem]) => ({
      index: items[place]?.index ?? place,
      problem: asRejection(problem, surface)
    }))

/** A problem of the planned call. Its suggested call is planned too, not made. */
const planned = (
  operation: "start" | "pipeline create",
  { try: next, changes, ...problem }: Problem
): Problem => ({
  ...problem,
  ...(next?.operation === operation
    ? { try: { operation: "plan", payload: { operation, payload: next.payload } } }
    : {}),
  ...(changes === undefined
    ? {}
    : { changes: changes.map((change) => ({ ...change, path: `payload.${change.path}` })) })
})

/** The handler of `plan`. */
export const makePlanHandler = Effect.gen(function* () {
  const planOne = yield* makePlanOne
  const originOf = yield* makeOriginOf
  const dryRunStart = yield* makeDryRunStart
  const { dryRun } = yield* makePipelineCreation

  const planStart = Effect.fnUntraced(function* (payload: Input<"plan">["payload"], call: Call) {
    const origin = yield* originOf(call)
    const payloads = isMany(payload) ? payload : [payload]
    const uncountable = checkCount(payloads.length)
    if (uncountable !== null) return yield* Effect.fail(uncountable)
    const bad = new Map<number, Problem>()
    const at = (index: number, problem: Problem) =>
      bad.set(
        index,
        isMany(payload) ? problemOfTask(`payload[${index}]`, problem) : planned("start", problem)
      )
    const decoded = payloads.flatMap((each, index) => {
      const input = decodePayload(start, each)
      if (Result.isSuccess(input)) return [{ index, input: input.success }]
      at(index, input.failure)
      return []
    })
    const inputs = decoded.map(({ input }) => input)
    const { order, rejected } = arrange(inputs)
    for (const [place, problem] of rejected) at(decoded[place]?.index ?? place, problem)
    const rejections = yield* Effect.mapError(dryRunStart(decoded, order, origin), toProblem)
    const ahead = {
      newIds: new Set(payloads.flatMap(({ id }) => (typeof id === "string" ? [id] : []))),
      cancelled: new Set<string>()
    }
    const tasks = yield* inOrder(decoded, order, ({ index, input }, place) =>
      Effect.catch(
        planOne(input, origin, { ...ahead, refused: rejections.get(place) ?? null }),
        (problem) => Effect.sync(() => (at(index, problem), []))
      )
    )
    if (bad.size > 0)
      for (const { index, problem } of furtherRejections(rejections, decoded, yield* CallerSurface))
        if (!bad.has(index)) at(index, problem)
    const joined = joinProblems(bad)
    return joined === null
      ? { operation: "start", tasks: tasks.flat(), order }
      : yield* Effect.fail(joined)
  })

  const planPipeline = Effect.fnUntraced(function* (payload: Input<"plan">["payload"], call: Call) {
    if (isMany(payload))
      return yield* Effect.fail(
        wrongField(
          "payload",
          "must be one object for pipeline create",
          "Put its tasks into steps or tasks."
        )
      )
    const input = yield* Effect.fromResult(decodePayload(pipelineCreate, payload))
    const origin = yield* originOf(call)
    const { taskIds } = yield* dryRun(input, origin)
    const ids = input.id === undefined ? idsOf(idToBe, input) : taskIds
    const { items, order } = yield* Effect.fromResult(itemsOf(ids, input))
    const plannedTask = {
      newIds: new Set(items.map((item) => item.input.id)),
      cancelled: new Set<string>(),
      refused: null
    }
    const tasks = yield* inOrder(items, order, ({ path, input: stepInput }) =>
      planOne(stepInput, origin, plannedTask).pipe(
        Effect.map((task) => ({
          ...task,
          id: stepInput.id.startsWith(idToBe) ? null : stepInput.id
        })),
        Effect.mapError((problem) => problemOfTask(path, problem))
      )
    )
    return { operation: "pipeline create", tasks, order }
  })

  return handle(plan, ({ operation, payload }: Input<"plan">, call) =>
    operation === "pipeline create"
      ? Effect.mapError(planPipeline(payload, call), (problem) =>
          planned("pipeline create", problem)
        )
      : planStart(payload, call)
  )
})
