/** Follows the attempts of agents: what they say is kept as it comes, and at the end becomes their result. */
import { speakerOf } from "../configuration/knownAgents.ts"
import { withoutEscapes } from "@backbeat/agents/text/visible"
import type { AgentOutcome, AgentFailure } from "@backbeat/core/task/AgentOutcome"
import type { AgentWork } from "@backbeat/core/task/AgentWork"
import type { AttemptEnd } from "@backbeat/core/task/AttemptEnd"
import { keptBytes, keptLines } from "@backbeat/core/checkpoint/Checkpoint"
import type { Task } from "@backbeat/core/task/Task"
import { SessionStore } from "@backbeat/store/SessionStore"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as FiberSet from "effect/FiberSet"
import * as Layer from "effect/Layer"
import * as Predicate from "effect/Predicate"
import * as Schema from "effect/Schema"
import { attemptDir, Home } from "../home/Home.ts"
import { readEnvironment } from "../home/TaskEnvironment.ts"
import { Settings } from "../configuration/Settings.ts"
import type { OutputWatch } from "../output/Growth.ts"
import { endOfStream } from "../output/endOfStream.ts"
import { AgentOutput } from "./AgentOutput.ts"
import { gitState } from "../checkpoint/gitState.ts"
import { callAfter } from "../system/time.ts"

/** An attempt whose output is read. */
export interface Followed {
  readonly release: () => void
  /** Whether the agent has told how its work ended, as far as its output has been read. */
  readonly hasResult: () => boolean
}

/** Follows attempts of agents. Other attempts are no concern of it. */
export class AgentAttempts extends Context.Service<
  AgentAttempts,
  {
    /** Reads an attempt's output whenever it has grown, and does `finish` when it has told its result and then rests; null when it is no agent's. */
    readonly follow: (
      task: Task,
      output: OutputWatch,
      finish: Effect.Effect<void>
    ) => Followed | null
    /** The end of an attempt with what the agent said of its work and the work tree that it left. */
    readonly conclude: (task: Task, end: AttemptEnd) => Effect.Effect<AttemptEnd>
  }
>()("@backbeat/engine/AgentAttempts") {}

const keyOf = ({ id, state }: Task): string => `${id}#${state.attempt}`

/** What is not known is not called a success. */
const unread: AgentOutcome = {
  result: {
    text: "",
    isError: true,
    sessionId: null,
    costUsd: null,
    inputTokens: null,
    outputTokens: null,
    turns: null,
    structured: null
  },
  used: { costUsd: null, inputTokens: null, outputTokens: null },
  trouble: {
    kind: "no_result",
    message: "its output could not be read",
    hint: "Read the task's logs with raw true, and engine.log."
  }
}

/** How long after an end, in milliseconds, the work tree is taken for what the agent left: later others may have changed it. */
const gitWithinMs = 5000
const structuredMaxCharacters = 262_144
const structuredMaxDepth = 64
const sessionIdPattern = /^[\w.:-]{1,200}$/u

const depthOf = (value: unknown): number =>
  Predicate.isObject(value)
    ? 1 +
      Object.values(value).reduce((deepest: number, each) => Math.max(deepest, depthOf(each)), 0)
    : 0

const tooLarge: AgentFailure = {
  kind: "no_result",
  message: `its structured answer is larger than ${structuredMaxCharacters} characters or deeper than ${structuredMaxDepth} levels`,
  hint: "Read it in the task's logs with raw true, or request a smaller answer."
}

/** What an agent gave in the form of the output schema, as far as it can be kept: readable for everybody, and no larger than an answer should be. */
const keepStructured = (structured: Schema.Json | null): Schema.Json | null => {
  const json =
    structured !== null && depthOf(structured) <= structuredMaxDepth
      ? JSON.stringify(structured)
      : null
  return json === null || json.length > structuredMaxCharacters
    ? null
    : decodeJson(wellFormed(json))
}

/** An output is not ours: what is kept of it must be readable for everybody. What was asked for and cannot be kept is not called a success. */
const bounded = (outcome: AgentOutcome, { spec: { work } }: Task): AgentOutcome => {
  const { text, sessionId, structured } = outcome.result
  const asked = work.kind === "prompt" && work.outputSchema !== null ? structured : null
  const kept = keepStructured(asked)
  const trouble = outcome.trouble ?? (kept === null && asked !== null ? tooLarge : null)
  return {
    trouble,
    used: outcome.used,
    result: {
      ...outcome.result,
      isError: outcome.result.isError || trouble !== null,
      text: text.toWellFormed(),
      sessionId: sessionId !== null && sessionIdPattern.test(sessionId) ? sessionId : null,
      structured: kept
    }
  }
}

const decodeJson = Schema.decodeUnknownSync(Schema.fromJsonString(Schema.Json))

/** JSON writes half of a surrogate pair as an escape, which other readers refuse; an escape sequence acts on the terminal of who prints it. */
const wellFormed = (json: string): string =>
  JSON.stringify(
    JSON.parse(json, (_, value: unknown) =>
      Predicate.isString(value) ? withoutEscapes(value).toWellFormed() : value
    )
  )

/** A limit of silence: it begins anew each time, or does not count at all. */
const makeRestLimit = (limitMs: () => number, reached: () => void) => {
  let cancel: (() => void) | undefined
  return {
    begin: (counts: boolean): void => {
      cancel?.()
      cancel = counts ? callAfter(limitMs(), reached) : undefined
    }
  }
}

/**
 * What was used up of the session in which an attempt went on, when it began: what another one used beside it is not in its count.
 * Undefined when nobody noted it, or it cannot be read.
 */
const makeUsedBefore = Effect.map(
  SessionStore,
  (sessions) =>
    ({ agent, session }: AgentWork, { state }: Task) =>
      session === null ||
      (state.status !== "running" && state.status !== "stopping") ||
      state.startedAt === null
        ? Effect.undefined
        : sessions.used({ agent, id: session.id }, state.startedAt).pipe(
            Effect.map((used) => used ?? undefined),
            Effect.orElseSucceed(() => undefined)
          )
)

const make = Effect.gen(function* () {
  const { root } = yield* Home
  const settings = yield* Settings
  const usedBefore = yield* makeUsedBefore
  const run = yield* FiberSet.makeRuntime()
  const followed = new Map<string, ReturnType<typeof readingOf>>()

  const readingOf = (task: Task) => {
    const { work } = task.spec
    if (work.kind !== "prompt") return null
    const agent = speakerOf(settings.current(), work.agent)
    const dir = attemptDir(root, task.id, task.state.attempt)
    const reader = agent.reader(work)
    return { dir, reader, output: new AgentOutput(dir, reader, task.spec.maxOutputBytes) }
  }

  const follow = (
    task: Task,
    output: OutputWatch,
    finish: Effect.Effect<void>
  ): Followed | null => {
    const reading = readingOf(task)
    if (reading === null) return null
    followed.set(keyOf(task), reading)
    const { hasResult } = reading.reader
    const rest = makeRestLimit(
      () => settings.current().agentExitMs,
      () => void run(finish)
    )
    const readOn = Effect.andThen(
      reading.output.catchUp,
      Effect.sync(() => rest.begin(hasResult()))
    )
    const unsubscribe = output.subscribe(() => void run(readOn))
    run(readOn)
    return {
      hasResult,
      release: () => {
        rest.begin(false)
        unsubscribe()
        followed.delete(keyOf(task))
      }
    }
  }

  const conclude = Effect.fnUntraced(function* (task: Task, end: AttemptEnd) {
    const { kind } = end.outcome
    const { work } = task.spec
    if (work.kind !== "prompt" || kind === "notSpawned") return end
    const reading = followed.get(keyOf(task)) ?? readingOf(task)
    if (reading === null) return end
    yield* reading.output.finish
    const stderr = yield* endOfStream({
      dir: reading.dir,
      stream: "stderr",
      lines: keptLines,
      maxBytes: keptBytes
    })
    const agent = bounded(
      reading.reader.finish({
        outcome: end.outcome,
        stderr: stderr.join("\n"),
        usedBefore: yield* usedBefore(work, task)
      }),
      task
    )
    const isLate = (yield* Clock.currentTimeMillis) - end.endedAt > gitWithinMs
    const git = isLate ? null : yield* gitState(task.spec.cwd, readEnvironment(root, task) ?? {})
    return { ...end, agent, ...(git === null ? {} : { git }) }
  })

  return AgentAttempts.of({
    follow,
    conclude: (task, end) =>
      Effect.catchCause(conclude(task, end), (cause) =>
        Effect.as(
          Effect.annotateLogs(
            Effect.logError(`the output of agent task ${task.id} could not be read`, cause),
            { task: task.id }
          ),
          { ...end, agent: unread }
        )
      )
  })
})

/** Follows attempts in the home. */
export const layerAgentAttempts = Layer.effect(AgentAttempts, make)
