/** Shows the iterations of a loop, from the history. */
import { present } from "@backbeat/contract/cutTask"
import type { IterationAnswer } from "@backbeat/contract/LoopAnswer"
import type { Iteration } from "@backbeat/core/loop/Iteration"
import type { Loop } from "@backbeat/core/loop/Loop"
import { History } from "@backbeat/store/History"
import { TaskStore } from "@backbeat/store/TaskStore"
import * as Effect from "effect/Effect"
import { toProblem } from "../call/Call.ts"
import { Home } from "../home/Home.ts"
import { outputDir } from "../loop/outputOf.ts"
import { outputPath } from "../output/OutputStream.ts"
import { once } from "../wiring/once.ts"
import { iso } from "./taskAnswer.ts"

/** How many events are read at a time. */
const pageEvents = 10_000

/** A page of iterations, newest first, of those before a number; made once. Fails with StoreError. */
export const makeLoopHistory = once(
  Effect.gen(function* () {
    const { root } = yield* Home
    const store = yield* TaskStore
    const history = yield* History

    const pathsOf = Effect.fnUntraced(function* (taskId: string) {
      const task = yield* Effect.mapError(store.find(taskId), toProblem)
      if (task === null) return {}
      const dir = outputDir(root, task)
      return { stdoutPath: outputPath(dir, "stdout"), stderrPath: outputPath(dir, "stderr") }
    })

    const evaluationOf = Effect.fnUntraced(function* ({ evaluation }: Iteration) {
      const taskId = evaluation?.taskIds.at(-1)
      if (evaluation === null || taskId === undefined) return {}
      const { taskIds, exitCode, signal, durationMs, lastLines } = evaluation
      return {
        evaluation: {
          taskId,
          ...(taskIds.length > 1 ? { taskIds } : {}),
          ...present({ exitCode, signal, durationMs }),
          ...(yield* pathsOf(taskId)),
          ...(lastLines.length === 0 ? {} : { lastLines })
        }
      }
    })

    const iterationOf = Effect.fnUntraced(function* (iteration: Iteration) {
      const { number, result, reason, score, scores, taskId, pipelineId } = iteration
      const { changed, commit, costUsd, startedAt, endedAt } = iteration
      return {
        number,
        result,
        ...present({ reason, score }),
        ...(scores.length > 1 ? { scores } : {}),
        ...present({ taskId, pipelineId, changed, commit, costUsd }),
        ...(yield* evaluationOf(iteration)),
        startedAt: iso(startedAt),
        endedAt: iso(endedAt)
      } satisfies IterationAnswer
    })

    /** The iterations that are over, oldest first. */
    const iterationsOf = Effect.fnUntraced(function* (id: string) {
      const all: Array<Iteration> = []
      for (let since = 0; ;) {
        const page = yield* Effect.mapError(
          history.events({
            since,
            source: { kind: "loop", id },
            types: ["loop.iteration.evaluated"],
            limit: pageEvents
          }),
          toProblem
        )
        for (const { event } of page)
          if (event.type === "loop.iteration.evaluated") all.push(event.iteration)
        const last = page.at(-1)
        if (last === undefined || page.length < pageEvents) return all
        since = last.sequence
      }
    })

    return Effect.fnUntraced(function* (
      { id }: Loop,
      { limit, before }: { readonly limit: number; readonly before: number | undefined }
    ) {
      const all = (yield* iterationsOf(id)).filter(
        ({ number }) => before === undefined || number < before
      )
      const shown = all.slice(-limit).toReversed()
      const next = all.length > shown.length ? shown.at(-1)?.number : undefined
      return {
        history: yield* Effect.forEach(shown, iterationOf),
        ...(next === undefined ? {} : { next })
      }
    })
  })
)
