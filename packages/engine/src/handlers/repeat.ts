/** Answers `retry` and `resume`: a new task repeats or continues the work of an ended one. */
import { callOf, sentence, type Hint } from "@backbeat/contract/Text"
import { type Problem, problem } from "@backbeat/contract/Problem"
import * as operations from "@backbeat/contract/operation/steer"
import type { Input } from "@backbeat/contract/table"
import type { AgentWork, Session } from "@backbeat/core/task/AgentWork"
import type { Task } from "@backbeat/core/task/Task"
import type { TaskSpec } from "@backbeat/core/task/TaskSpec"
import { wasStarted, isFinal } from "@backbeat/core/task/TaskState"
import * as Effect from "effect/Effect"
import { agentOf } from "../configuration/knownAgents.ts"
import { Home } from "../home/Home.ts"
import { inheritEnvironment, readEnvironment } from "../home/TaskEnvironment.ts"
import { Settings } from "../configuration/Settings.ts"
import { Supervisor } from "../supervisor/Supervisor.ts"
import { Transitions } from "../commit/Transitions.ts"
import type { Tx } from "../commit/Tx.ts"
import { agentUnavailable } from "../creation/agentWork.ts"
import { type Call, handle, type Handler, toProblem, type HandlerError } from "../call/Call.ts"
import { makeDependencyStates } from "../creation/dependencies.ts"
import { storeEnvironment } from "../creation/storeEnvironment.ts"
import { makeFreeIds } from "../creation/freeIds.ts"
import { makeIdempotent } from "../creation/idempotent.ts"
import { lineageOf, type Origin, ownerOf } from "../creation/Origin.ts"
import { makeOriginOf } from "../creation/originOf.ts"
import { makeQuota } from "../creation/quota.ts"
import { View } from "../view/View.ts"
import { wrongField } from "../call/wrongField.ts"
import { makeShowEnd } from "../waiting/waiting.ts"

const reject = (id: string, message: string, hint: Hint): Problem =>
  problem("IllegalTransition", `task ${id} ${message}`, hint, { id })

/** The specification for the new task, without the delays of the old one. */
const repeatedSpec = (spec: TaskSpec, { env = {} }: Input<"retry">): TaskSpec => ({
  ...spec,
  notBefore: null,
  delayMs: null,
  envKeys: [...new Set([...spec.envKeys, ...Object.keys(env)])].toSorted()
})

/** The agent fields that a `resume` changes. */
const changesOf = ({
  model,
  effort,
  permissionMode,
  maxTurns,
  maxCostUsd
}: Input<"resume">): Partial<AgentWork> => ({
  ...(model === undefined ? {} : { model }),
  ...(effort === undefined ? {} : { effort }),
  ...(permissionMode === undefined ? {} : { permissionMode }),
  ...(maxTurns === undefined ? {} : { maxTurns }),
  ...(maxCostUsd === undefined ? {} : { maxCostUsd })
})

/** The agent session to continue; null if the agent has reported none. */
const sessionOf = ({ state }: Task): Session | null => {
  const agent = "end" in state ? state.end?.agent : undefined
  const id = agent?.result.sessionId ?? null
  return id === null || agent === undefined ? null : { id, usedBefore: agent.used }
}

/** The environment of the new task: the stored one of the old task, or the caller's. */
const environmentOf = (
  root: string,
  task: Task,
  { inheritEnv, env = {} }: Input<"retry">,
  { environment }: Origin
) => {
  if (inheritEnv === true) return Effect.succeed(inheritEnvironment(environment, env))
  const stored = readEnvironment(root, task)
  return stored === null
    ? Effect.fail(
        reject(
          task.id,
          task.spec.forgetEnv
            ? "has no stored environment (forgetEnv)"
            : "has lost its stored environment",
          sentence`Set "inheritEnv": true, or start it again with ${callOf("start")}.`
        )
      )
    : Effect.succeed({ ...stored, ...env })
}

/** The task to repeat, the new specification, and the payload. */
interface Repetition {
  readonly parent: Task
  readonly spec: TaskSpec
  readonly input: Input<"retry">
}

/** Builds the functions that create tasks from ended ones. */
const makeRepeat = Effect.gen(function* () {
  const { root } = yield* Home
  const view = yield* View
  const settings = yield* Settings
  const quota = yield* makeQuota
  const { dependencyStateAgain } = yield* makeDependencyStates
  const { freeId } = yield* makeFreeIds

  const ended = Effect.fnUntraced(function* (id: string, what: string) {
    const task = yield* view.find(id)
    if (isFinal(task.state.status)) return task
    return yield* Effect.fail(
      reject(
        id,
        `is ${task.state.status}; only ended tasks can be ${what}`,
        "Wait until it ends, or stop it."
      )
    )
  })

  const create = Effect.fnUntraced(function* (
    tx: Tx,
    { parent, spec, input }: Repetition,
    origin: Origin
  ) {
    const owner = ownerOf(origin, 0, parent.owner.sessionId)
    const id = yield* freeId(origin, 0)
    yield* quota.checkDepth(owner.depth)
    yield* quota.checkLive
    const env = yield* environmentOf(root, parent, input, origin)
    const unavailable = agentUnavailable(spec, env, settings.current())
    if (unavailable !== null) return yield* Effect.fail(unavailable)
    const lineage = {
      retryOf: parent.id,
      parentTaskId: parent.lineage.parentTaskId ?? parent.id,
      pipelineId: null,
      ...lineageOf(origin)
    }
    const dependencies = yield* dependencyStateAgain({ ...parent, spec })
    yield* storeEnvironment(root, id, owner.requestId, env)
    return yield* tx.create({ id, spec, owner, lineage }, dependencies, origin.actor)
  })

  const retried = (tx: Tx, input: Input<"retry">, origin: Origin) =>
    Effect.gen(function* () {
      const parent = yield* ended(input.id, "retried")
      return yield* create(tx, { parent, spec: repeatedSpec(parent.spec, input), input }, origin)
    })

  /** Fails with CommandInputError if the agent does not support a field. */
  const checkSupported = (work: AgentWork) => {
    const [unsupported] = agentOf(settings.current(), work.agent)?.unsupportedFields(work) ?? []
    return unsupported === undefined
      ? Effect.void
      : Effect.fail(wrongField(unsupported.field, unsupported.message, "Remove it."))
  }

  const resumed = (tx: Tx, input: Input<"resume">, origin: Origin) =>
    Effect.gen(function* () {
      const { id, additionalContext, session: wanted } = input
      const parent = yield* ended(id, "resumed")
      const { work, dependsOn } = parent.spec
      if (work.kind !== "prompt")
        return yield* Effect.fail(
          reject(
            id,
            `is a ${work.kind}; only agent tasks can be resumed`,
            sentence`Use ${callOf("retry")} to run it again.`
          )
        )
      const own = wanted === "new" ? null : sessionOf(parent)
      const canContinue = agentOf(settings.current(), work.agent)
        ?.unsupportedFields({ ...work, session: own })
        .every(({ field }) => field !== "session")
      const session = canContinue === true ? own : null
      if (wanted === "continue" && session === null) {
        return yield* Effect.fail(
          reject(
            id,
            "has no agent session to continue",
            'Remove session, or set "session": "new" to continue from its checkpoint.'
          )
        )
      }
      const after = { task: id, how: "resume", added: additionalContext ?? null } as const
      // The dependencies of a started task were satisfied.
      const waits = wasStarted(parent.state) ? [] : dependsOn
      const spec = {
        ...repeatedSpec(parent.spec, input),
        dependsOn: waits,
        work: { ...work, ...changesOf(input), session, after }
      }
      yield* checkSupported(spec.work)
      return yield* create(tx, { parent, spec, input }, origin)
    })

  return { retried, resumed }
})

/** The handlers of `retry` and `resume`. */
export const makeRepeatHandlers = Effect.gen(function* () {
  const transitions = yield* Transitions
  const supervisor = yield* Supervisor
  const view = yield* View
  const showEnd = yield* makeShowEnd
  const { retried, resumed } = yield* makeRepeat
  const idempotent = yield* makeIdempotent
  const originOf = yield* makeOriginOf

  const answer = (
    call: Call,
    body: (tx: Tx, origin: Origin) => Effect.Effect<Task, HandlerError>
  ) =>
    Effect.gen(function* () {
      const origin = yield* originOf(call)
      const created = yield* Effect.mapError(
        transitions.commit((tx) =>
          idempotent(tx, origin, ({ task }) => task("made", body(tx, origin)))
        ),
        toProblem
      )
      yield* supervisor.acted([created.id])
      return call.flags.wait === true
        ? yield* showEnd(created.id, call)
        : { task: yield* view.show(yield* view.find(created.id)) }
    })

  const handlers: ReadonlyArray<Handler> = [
    handle(operations.retry, (input, call) =>
      answer(call, (tx, origin) => retried(tx, input, origin))
    ),
    handle(operations.resume, (input, call) =>
      answer(call, (tx, origin) => resumed(tx, input, origin))
    )
  ]
  return handlers
})
