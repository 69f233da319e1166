/** How the tasks and pipelines of a loop ended, as the loop has to know it. */
import type { WorkEnd } from "@backbeat/core/loop/Iteration"
import type { EvaluationEnd } from "@backbeat/core/loop/verdict"
import type { Pipeline, PipelineStatus } from "@backbeat/core/pipeline/Pipeline"
import { taskMaxCount } from "@backbeat/core/pipeline/PipelineId"
import { describeFailure, type Failure } from "@backbeat/core/task/Failure"
import type { Task } from "@backbeat/core/task/Task"
import { endOf, spawnedAt } from "@backbeat/core/task/TaskState"
import { TaskStore } from "@backbeat/store/TaskStore"
import * as Effect from "effect/Effect"
import { Home } from "../home/Home.ts"
import { endOfStream } from "../output/endOfStream.ts"
import { lastLinesOf, maxLastLines } from "../output/lastLinesOf.ts"
import { once } from "../wiring/once.ts"
import { judgement } from "./judge.ts"
import { outputDir } from "./outputOf.ts"

const failureOf = ({ state }: Task): Failure | null =>
  state.status === "failed" || state.status === "cancelled" ? state.failure : null

/** Somebody stopped it; what was withdrawn because of others failed with them. */
const isStopped = (task: Task): boolean =>
  task.state.status === "cancelled" && failureOf(task) === null

const isLimit = (failure: Failure | null): boolean =>
  failure?.type === "AgentError" && failure.kind === "rate_limit"

const costOf = (task: Task): number | null => endOf(task.state)?.agent?.result.costUsd ?? null

/** An agent that said nothing and used nothing. */
const isEmpty = (task: Task): boolean => {
  const result = endOf(task.state)?.agent?.result
  if (result === undefined) return false
  const used = (result.inputTokens ?? 0) + (result.outputTokens ?? 0) + (result.costUsd ?? 0)
  return result.text.trim() === "" && used === 0
}

const howOf = (task: Task): WorkEnd["how"] => {
  if (task.state.status === "completed") return "completed"
  if (isStopped(task)) return "stopped"
  return isLimit(failureOf(task)) ? "limited" : "failed"
}

const messageOf = (task: Task): string | null => {
  const { id, state } = task
  const failure = failureOf(task)
  if (failure !== null) return `${id} ${describeFailure(failure)}`
  if (state.status !== "cancelled") return null
  return state.reason === null ? `${id} was stopped` : `${id} was stopped: ${state.reason}`
}

/** The end of the task of an iteration. */
export const workEndOf = (task: Task): WorkEnd => ({
  how: howOf(task),
  message: messageOf(task),
  costUsd: costOf(task),
  tree: endOf(task.state)?.git?.tree ?? null,
  isEmpty: isEmpty(task),
  limitedUntil: null
})

const sum = (costs: ReadonlyArray<number | null>): number | null => {
  const known = costs.filter((cost) => cost !== null)
  return known.length === 0 ? null : known.reduce((all, cost) => all + cost, 0)
}

const howPipeline = (status: PipelineStatus, cause: Task | undefined): WorkEnd["how"] => {
  if (status === "completed") return "completed"
  if (status === "cancelled") return "stopped"
  return cause === undefined ? "failed" : howOf(cause)
}

/** Reads ends in the transaction of the end; made once. */
export const makeEnds = once(
  Effect.gen(function* () {
    const { root } = yield* Home
    const store = yield* TaskStore

    /** The end of the pipeline of an iteration, which has ended: by the first of its tasks that did not complete. */
    const ofPipeline = Effect.fnUntraced(function* ({ id, state }: Pipeline) {
      const { tasks } = yield* store.list({ pipelineId: id }, { limit: taskMaxCount })
      const inOrder = tasks.toReversed()
      const cause =
        inOrder.find((task) => task.state.status === "failed") ??
        inOrder.find((task) => isStopped(task))
      const last = inOrder.findLast((task) => endOf(task.state)?.git !== undefined)
      return {
        how: howPipeline(state.status, cause),
        message: cause === undefined ? null : messageOf(cause),
        costUsd: sum(tasks.map(costOf)),
        tree: last === undefined ? null : (endOf(last.state)?.git?.tree ?? null),
        isEmpty: false,
        limitedUntil: null
      } satisfies WorkEnd
    })

    /** The end of the task of an evaluation. */
    const ofEvaluation = Effect.fnUntraced(function* (task: Task) {
      const { state } = task
      const end = endOf(state)
      const dir = outputDir(root, task)
      const stdout = yield* endOfStream({ dir, stream: "stdout", lines: 50, maxBytes: 4096 })
      const startedAt = spawnedAt(state)
      const agent = end?.agent
      return {
        exitCode: end?.outcome.kind === "exited" ? end.outcome.exitCode : null,
        signal: end?.outcome.kind === "signalled" ? end.outcome.signal : null,
        failure: failureOf(task),
        stopped: isStopped(task),
        durationMs:
          end === null || startedAt === null
            ? null
            : (end.lastedMs ?? Math.max(0, Math.round(end.endedAt - startedAt))),
        costUsd: costOf(task),
        lastLine: stdout.findLast((line) => line.trim() !== "") ?? null,
        structured: agent === undefined ? null : judgement(agent.result),
        lastLines: yield* lastLinesOf(dir, maxLastLines)
      } satisfies EvaluationEnd
    })

    return { ofPipeline, ofEvaluation }
  })
)
