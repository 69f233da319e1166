/** Makes the task that evaluates an iteration, in the transaction that ended the iteration. */
import type { Problem } from "@backbeat/contract/Problem"
import type { StartInput } from "@backbeat/contract/operation/start"
import { pipelineAggregate } from "@backbeat/core/pipeline/aggregate"
import type { Worked } from "@backbeat/core/loop/Iteration"
import type { Loop } from "@backbeat/core/loop/Loop"
import { evaluationId } from "@backbeat/core/loop/LoopId"
import { AggregateStore } from "@backbeat/store/AggregateStore"
import * as Effect from "effect/Effect"
import { toProblem } from "../call/Call.ts"
import type { FullTx } from "../commit/CommitRules.ts"
import { Settings } from "../configuration/Settings.ts"
import { makeCreateTask, type CreationContext } from "../creation/createTask.ts"
import { makeFreeIds } from "../creation/freeIds.ts"
import { Home } from "../home/Home.ts"
import type { KeptVariables } from "../home/KeptVariables.ts"
import { once } from "../wiring/once.ts"
import { judgeInput } from "./judge.ts"
import { loopOrigin, loopVariables } from "./loopOrigin.ts"
import { makeOutputOf } from "./outputOf.ts"

/** Makes evaluations; made once. Fails with the Problem that refuses it. */
export const makeBeginEvaluation = once(
  Effect.gen(function* () {
    const { root } = yield* Home
    const settings = yield* Settings
    const aggregates = yield* AggregateStore
    const createTask = yield* makeCreateTask
    const { freeIds } = yield* makeFreeIds
    const output = yield* makeOutputOf

    /** The task that is evaluated: of a pipeline the last one. */
    const evaluated = Effect.fnUntraced(function* ({ spec }: Loop, { id }: Worked) {
      if (id === null || spec.work.kind === "task") return id
      const pipeline = yield* aggregates.find(pipelineAggregate, id)
      return pipeline?.taskIds.at(-1) ?? null
    })

    const inputOf = ({ spec }: Loop, stdout: string | null): StartInput => ({
      timeout: spec.evalTimeout,
      ...(spec.evaluation.kind === "judge"
        ? judgeInput(spec.evaluation, spec.strategy, settings.current(), stdout)
        : { script: spec.evaluation.command })
    })

    return (
      tx: FullTx,
      loop: Loop,
      worked: Worked,
      {
        kept,
        saveEnvironment
      }: {
        readonly kept: KeptVariables
        readonly saveEnvironment: CreationContext["saveEnvironment"]
      }
    ): Effect.Effect<string, Problem> =>
      Effect.gen(function* () {
        const { number, evaluationIds } = worked
        const [id = ""] = yield* freeIds([evaluationId(loop.id, number, evaluationIds.length + 1)])
        const taskId = yield* evaluated(loop, worked)
        const stdout = yield* output.path(taskId)
        const before = yield* output.path(loop.progress.last?.evaluationId ?? null)
        const variables = {
          ...loopVariables(loop, number, before),
          BACKBEAT_EVALUATED_TASK_ID: taskId ?? "",
          BACKBEAT_EVALUATED_STDOUT: stdout ?? ""
        }
        const origin = loopOrigin(
          root,
          loop,
          { id, number, hidden: true, variables },
          { kept, now: tx.now }
        )
        const own = kept.given["env"]
        const input = { ...inputOf(loop, stdout), id, ...(own === undefined ? {} : { env: own }) }
        yield* createTask(tx, { input, index: 0 }, { origin, saveEnvironment, seen: new Map() })
        return id
      }).pipe(Effect.mapError(toProblem))
  })
)
