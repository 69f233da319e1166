/** What all handlers that know loops share: finding one and showing it. */
import { nearest } from "@backbeat/contract/nearest"
import type { BriefLoop, LoopAnswer } from "@backbeat/contract/LoopAnswer"
import { present } from "@backbeat/contract/cutTask"
import { type Problem, problem, withTry } from "@backbeat/contract/Problem"
import { callOf, sentence } from "@backbeat/contract/Text"
import { loopAggregate } from "@backbeat/core/loop/aggregate"
import { unchangedMany } from "@backbeat/core/loop/goal"
import { type Loop, stepOf } from "@backbeat/core/loop/Loop"
import { AggregateStore } from "@backbeat/store/AggregateStore"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { toProblem } from "../call/Call.ts"
import { once } from "../wiring/once.ts"
import { iso } from "./taskAnswer.ts"

const suggestedCount = 100

const loopNotFound = (id: string, near: string | null): Problem =>
  withTry(
    problem(
      "LoopNotFound",
      `loop not found: ${id}`,
      near === null
        ? sentence`Run ${callOf("loop list")} to see the loops.`
        : `Did you mean ${near}?`,
      { id, nearest: near }
    ),
    "loop list",
    {}
  )

const stepCountOf = ({ spec: { work } }: Loop): number | null => {
  const { steps } = work.payload
  return work.kind === "pipeline" && Array.isArray(steps) ? steps.length : null
}

const endedAtOf = ({ state }: Loop): number | null => ("endedAt" in state ? state.endedAt : null)

const reasonOf = ({ state }: Loop): string | null => {
  if (state.status === "stopping") return state.goal.reason
  return "reason" in state ? state.reason : null
}

/** What a list shows of a loop. */
export const briefLoop = (loop: Loop): BriefLoop => {
  const { id, spec, state, progress, createdAt } = loop
  const endedAt = endedAtOf(loop)
  const stepCount = stepCountOf(loop)
  return {
    id,
    ...present({ title: spec.title }),
    status: state.status,
    strategy: spec.strategy.kind,
    iterations: progress.iterations,
    ...(spec.maxIterations === 0 ? {} : { maxIterations: spec.maxIterations }),
    ...present({
      lastResult: progress.last?.result ?? null,
      bestScore: progress.best?.score ?? null,
      bestIteration: progress.best?.iteration ?? null,
      reason: reasonOf(loop)
    }),
    ...(stepCount === null ? {} : { isPipeline: true, stepCount }),
    createdAt: iso(createdAt),
    ...(endedAt === null
      ? {}
      : { endedAt: iso(endedAt), durationMs: Math.max(0, Math.round(endedAt - createdAt)) }),
    ...present({ costUsd: progress.costUsd })
  }
}

/** What a loop waits for; null once it has ended. */
export const waitsForOf = (loop: Loop): LoopAnswer["waitsFor"] | null => {
  const step = stepOf(loop)
  if (step === null) return null
  if (loop.state.status === "paused") return { for: "resume" }
  switch (step.kind) {
    case "preparing":
      return { for: "worktree" }
    case "setup":
      return { for: "setup", ...present({ id: step.taskId }) }
    case "waiting":
      return { for: step.cause, until: iso(step.until), ...present({ message: step.message }) }
    case "ready":
      return { for: "iteration", number: loop.progress.iterations + 1 }
    case "working":
      return {
        for: "iteration",
        number: step.current.number,
        ...present({ id: step.current.id })
      }
    case "saving":
      return { for: "worktree", number: step.worked.number }
    case "settling":
      return { for: "worktree", number: step.number }
    case "unevaluated":
      return { for: "evaluation", number: step.worked.number }
    case "evaluating":
      return { for: "evaluation", number: step.worked.number, id: step.taskId }
  }
}

const gitOf = ({ spec: { git }, progress: { place, best } }: Loop): LoopAnswer["git"] | null =>
  git === null || place === null
    ? null
    : {
        branch: place.branch,
        commit: best?.commit ?? place.head,
        base: place.base,
        ...present({ path: place.path })
      }

const stoppedOf = ({ state }: Loop): LoopAnswer["stopped"] | null => {
  if (state.status === "cancelled" || state.status === "paused" || state.status === "pausing")
    return { by: state.by, ...present({ reason: state.reason }) }
  return state.status === "stopping" && state.goal.status === "cancelled"
    ? { by: state.by, ...present({ reason: state.goal.reason }) }
    : null
}

const toJson = Schema.decodeUnknownSync(Schema.JsonObject)

const answerOf = (loop: Loop, full: boolean): LoopAnswer => {
  const { unchangedInRow } = loop.progress
  return {
    ...briefLoop(loop),
    ...present({
      waitsFor: waitsForOf(loop),
      git: gitOf(loop),
      stopped: stoppedOf(loop),
      unchangedInRow: unchangedInRow >= unchangedMany ? unchangedInRow : null
    }),
    ...(full ? { specification: toJson(JSON.parse(JSON.stringify(loop.spec))) } : {})
  }
}

/** Finds and shows loops; made once. Fails with LoopNotFound or StoreError. */
export const makeLoopView = once(
  Effect.gen(function* () {
    const aggregates = yield* AggregateStore

    const look = (id: string) => Effect.mapError(aggregates.find(loopAggregate, id), toProblem)

    const find = Effect.fnUntraced(function* (id: string) {
      const loop = yield* look(id)
      if (loop !== null) return loop
      const { states } = yield* Effect.mapError(
        aggregates.list(loopAggregate, {}, { limit: suggestedCount }),
        toProblem
      )
      const near = nearest(
        id,
        states.map((each) => each.id)
      )
      return yield* Effect.fail(loopNotFound(id, near))
    })

    return {
      look,
      find,
      show: (loop: Loop, full = false) => answerOf(loop, full)
    }
  })
)
