/** Makes the task or the pipeline of an iteration, in the transaction that ended what was before it. */
import type { Problem } from "@backbeat/contract/Problem"
import { feedbackOf } from "@backbeat/core/loop/feedback"
import type { Loop } from "@backbeat/core/loop/Loop"
import { iterationId } from "@backbeat/core/loop/LoopId"
import { TaskStore } from "@backbeat/store/TaskStore"
import * as Effect from "effect/Effect"
import { toProblem } from "../call/Call.ts"
import { wrongField } from "../call/wrongField.ts"
import type { FullTx } from "../commit/CommitRules.ts"
import { makeStorePipeline } from "../creation/pipelineCreation.ts"
import { makeCreateTask, type CreationContext } from "../creation/createTask.ts"
import { makeFreeIds } from "../creation/freeIds.ts"
import { Home } from "../home/Home.ts"
import { type KeptVariables, readVariables } from "../home/KeptVariables.ts"
import { once } from "../wiring/once.ts"
import { loopOrigin, loopVariables } from "./loopOrigin.ts"
import { makeOutputOf } from "./outputOf.ts"
import { pipelineInputOf, taskInputOf } from "./payload.ts"

/** That what the loop starts its tasks with is gone. */
export const withoutVariables = (id: string): Problem =>
  wrongField("id", `the stored environment of loop ${id} is missing or damaged`, "Create it again.")

/** The environment of a loop that is stored. */
export const keptOf = (root: string, { id }: Loop): Effect.Effect<KeptVariables, Problem> =>
  Effect.suspend(() => {
    const kept = readVariables(root, { kind: "loop", id })
    return kept === null ? Effect.fail(withoutVariables(id)) : Effect.succeed(kept)
  })

/** Makes iterations, with the environment of the loop; made once. Fails with the Problem that refuses it. */
export const makeBeginWork = once(
  Effect.gen(function* () {
    const { root } = yield* Home
    const store = yield* TaskStore
    const createTask = yield* makeCreateTask
    const createPipeline = yield* makeStorePipeline
    const { freeIds } = yield* makeFreeIds
    const output = yield* makeOutputOf

    /** The task of the last iteration, where the next prompt is to continue from it. */
    const continued = ({ spec, progress: { last } }: Loop) =>
      spec.freshContext || spec.work.kind !== "task" || last === null || last.workId === null
        ? Effect.succeed(null)
        : Effect.map(store.find(last.workId), (task) =>
            task?.spec.work.kind === "prompt" ? task.id : null
          )

    return (
      tx: FullTx,
      loop: Loop,
      {
        kept,
        saveEnvironment
      }: {
        readonly kept: KeptVariables
        readonly saveEnvironment: CreationContext["saveEnvironment"]
      }
    ): Effect.Effect<string, Problem> =>
      Effect.gen(function* () {
        const { work } = loop.spec
        const { last, iterations } = loop.progress
        const number = iterations + 1
        const [id = ""] = yield* freeIds([iterationId(loop.id, number)])
        const variables = loopVariables(
          loop,
          number,
          yield* output.path(last?.evaluationId ?? null)
        )
        const origin = loopOrigin(
          root,
          loop,
          { id, number, hidden: false, variables },
          { kept, now: tx.now }
        )
        const additions = {
          given: kept.given,
          variables,
          feedback: feedbackOf(loop, yield* output.lines(last?.evaluationId ?? null)),
          continueFrom: yield* continued(loop)
        }
        const starting = { origin, saveEnvironment, seen: new Map() }
        if (work.kind === "pipeline") {
          const input = yield* Effect.fromResult(pipelineInputOf(work, id, additions))
          yield* createPipeline(tx, input, starting)
        } else {
          const input = yield* Effect.fromResult(taskInputOf(work, id, additions))
          yield* createTask(tx, { input, index: 0 }, starting)
        }
        return id
      }).pipe(Effect.mapError(toProblem))
  })
)
