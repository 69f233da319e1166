/**
 * Follows the attempts of agents: parses their output as it grows, and at the end returns their
 * result.
 */
import { agentForOutput } from "../configuration/knownAgents.ts"
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
import { contentName, gitState } from "../checkpoint/gitState.ts"
import { callAfter } from "../system/time.ts"

/** An attempt whose output is being read. */
export interface Followed {
  readonly release: () => void
  /** Whether the output that was read so far contains the agent's result. */
  readonly hasResult: () => boolean
}

/** Follows attempts of agents; ignores all other attempts. */
export class AgentAttempts extends Context.Service<
  AgentAttempts,
  {
    /**
     * Reads an attempt's output whenever it grows. Runs `finish` when the agent has reported its
     * result and is then silent. Returns null for other attempts.
     */
    readonly follow: (
      task: Task,
      output: OutputWatch,
      finish: Effect.Effect<void>
    ) => Followed | null
    /** Adds the agent's outcome and the state of the work tree to the end of an attempt. */
    readonly addOutcome: (task: Task, end: AttemptEnd) => Effect.Effect<AttemptEnd>
  }
>()("@backbeat/engine/AgentAttempts") {}

const keyOf = ({ id, state }: Task): string => `${id}#${state.attempt}`

/** The outcome of an attempt whose output cannot be read: an unknown result is not a success. */
const unreadableOutcome: AgentOutcome = {
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

/**
 * How long after an end (ms) the work tree counts as the agent's: later, other programs may have
 * changed it.
 */
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

/**
 * The agent's structured answer if it is small enough to be stored, as valid JSON without escape
 * sequences; otherwise null.
 */
const storableStructured = (structured: Schema.Json | null): Schema.Json | null => {
  const json =
    structured !== null && depthOf(structured) <= structuredMaxDepth
      ? JSON.stringify(structured)
      : null
  return json === null || json.length > structuredMaxCharacters
    ? null
    : decodeJson(wellFormed(json))
}

/**
 * Makes an outcome safe to store: the output may be invalid Unicode or too large. A requested
 * structured answer that cannot be stored is a failure.
 */
const bounded = (outcome: AgentOutcome, { spec: { work } }: Task): AgentOutcome => {
  const { text, sessionId, structured } = outcome.result
  const requested = work.kind === "prompt" && work.outputSchema !== null ? structured : null
  const storable = storableStructured(requested)
  const trouble = outcome.trouble ?? (storable === null && requested !== null ? tooLarge : null)
  return {
    trouble,
    used: outcome.used,
    result: {
      ...outcome.result,
      isError: outcome.result.isError || trouble !== null,
      text: text.toWellFormed(),
      sessionId: sessionId !== null && sessionIdPattern.test(sessionId) ? sessionId : null,
      structured: storable
    }
  }
}

const decodeJson = Schema.decodeUnknownSync(Schema.fromJsonString(Schema.Json))

/**
 * Replaces unpaired surrogates, which other JSON readers reject, and removes terminal escape
 * sequences.
 */
const wellFormed = (json: string): string =>
  JSON.stringify(
    JSON.parse(json, (_, value: unknown) =>
      Predicate.isString(value) ? withoutEscapes(value).toWellFormed() : value
    )
  )

/** A timeout for silence. Each `begin` restarts it, or cancels it. */
const makeSilenceTimeout = (limitMs: () => number, reached: () => void) => {
  let cancel: (() => void) | undefined
  return {
    begin: (counts: boolean): void => {
      cancel?.()
      cancel = counts ? callAfter(limitMs(), reached) : undefined
    }
  }
}

/**
 * The session's usage when the attempt continued it, so that the usage of another attempt in this
 * session is not counted. Undefined if unknown.
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
    const agent = agentForOutput(settings.current(), work.agent)
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
    const silenceTimeout = makeSilenceTimeout(
      () => settings.current().agentExitMs,
      () => void run(finish)
    )
    const readMore = Effect.andThen(
      reading.output.catchUp,
      Effect.sync(() => silenceTimeout.begin(hasResult()))
    )
    const unsubscribe = output.subscribe(() => void run(readMore))
    run(readMore)
    return {
      hasResult,
      release: () => {
        silenceTimeout.begin(false)
        unsubscribe()
        followed.delete(keyOf(task))
      }
    }
  }

  /** The work tree that the task leaves. Only what made the task by itself wants to know whether anything in it has changed. */
  const gitOf = Effect.fnUntraced(function* (task: Task) {
    const { cwd } = task.spec
    const env = readEnvironment(root, task) ?? {}
    const git = yield* gitState(cwd, env)
    if (git === null || task.lineage.source === undefined) return git
    const tree = yield* contentName(cwd, env, git)
    return tree === null ? git : { ...git, tree }
  })

  const addOutcome = Effect.fnUntraced(function* (task: Task, end: AttemptEnd) {
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
    const git = isLate ? null : yield* gitOf(task)
    return { ...end, agent, ...(git === null ? {} : { git }) }
  })

  return AgentAttempts.of({
    follow,
    addOutcome: (task, end) =>
      Effect.catchCause(addOutcome(task, end), (cause) =>
        Effect.as(
          Effect.annotateLogs(
            Effect.logError(`the output of agent task ${task.id} could not be read`, cause),
            { task: task.id }
          ),
          { ...end, agent: unreadableOutcome }
        )
      )
  })
})

/** Follows the attempts in the home. */
export const layerAgentAttempts = Layer.effect(AgentAttempts, make)
