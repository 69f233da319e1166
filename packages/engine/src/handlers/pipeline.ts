/** Answers `pipeline create`, `get`, `list` and `cancel`. */
import { pipelineAggregate } from "@backbeat/core/pipeline/aggregate"
import * as operations from "@backbeat/contract/operation/pipeline"
import type { Input } from "@backbeat/contract/table"
import { AggregateStore } from "@backbeat/store/AggregateStore"
import * as Effect from "effect/Effect"
import { Settings } from "../configuration/Settings.ts"
import { Supervisor } from "../supervisor/Supervisor.ts"
import { inheritanceWarnings } from "../process/inheritance.ts"
import { unlimitedQueues } from "../queue/unlimitedQueue.ts"
import { CallerSurface } from "../call/written.ts"
import { type Call, handle, type Handler, toProblem } from "../call/Call.ts"
import { makeCancelPipeline } from "../steering/pipelineCancel.ts"
import { makeOriginOf } from "../creation/originOf.ts"
import { makePipelineCreation } from "../creation/pipelineCreation.ts"
import { makePipelineView } from "../view/PipelineView.ts"
import { totalOf } from "../view/paging.ts"
import { isCursor } from "../view/paging.ts"
import { wrongField } from "../call/wrongField.ts"
import { makeShowPipelineEnd } from "../waiting/waiting.ts"

const makeCreateHandler = Effect.gen(function* () {
  const { create } = yield* makePipelineCreation
  const originOf = yield* makeOriginOf
  const supervisor = yield* Supervisor
  const settings = yield* Settings
  const pipelines = yield* makePipelineView
  const showEnd = yield* makeShowPipelineEnd
  return handle(operations.pipelineCreate, (input, call: Call) =>
    Effect.gen(function* () {
      const { id, taskIds } = yield* create(input, yield* originOf(call))
      yield* supervisor.acted(taskIds)
      const queues = (yield* pipelines.tasksOf(yield* pipelines.find(id))).map(
        ({ spec }) => spec.queue
      )
      const warnings = [
        ...unlimitedQueues(settings.current(), queues, yield* CallerSurface),
        ...inheritanceWarnings(call.caller, yield* CallerSurface)
      ]
      const answer =
        call.flags.wait === true
          ? yield* showEnd(id, call)
          : { pipeline: yield* pipelines.show(yield* pipelines.find(id)) }
      return { ...answer, ...(warnings.length === 0 ? {} : { warnings }) }
    })
  )
})

const makeGetHandler = Effect.map(makePipelineView, ({ find, show }) =>
  handle(operations.pipelineGet, ({ id }) =>
    Effect.map(Effect.flatMap(find(id), show), (pipeline) => ({ pipeline }))
  )
)

const makeListHandler = Effect.gen(function* () {
  const store = yield* AggregateStore
  const { briefs } = yield* makePipelineView
  return handle(
    operations.pipelineList,
    ({ status, since, limit, after }: Input<"pipeline list">) =>
      Effect.gen(function* () {
        if (after !== undefined && !isCursor(after)) {
          return yield* Effect.fail(
            wrongField("after", "invalid cursor", "Use `next` of an earlier answer.")
          )
        }
        const filter = {
          status: typeof status === "string" ? [status] : status,
          since: since === undefined ? undefined : Date.parse(since)
        }
        const page = yield* Effect.mapError(
          store.list(pipelineAggregate, filter, { limit: limit ?? 50, after }),
          toProblem
        )
        return { ...totalOf(page), pipelines: yield* briefs(page.states), next: page.next }
      })
  )
})

const makeCancelHandler = Effect.gen(function* () {
  const { show } = yield* makePipelineView
  const { cancel } = yield* makeCancelPipeline
  return handle(operations.pipelineCancel, (input, call: Call) =>
    Effect.map(Effect.flatMap(cancel(input.id, input, call), show), (pipeline) => ({ pipeline }))
  )
})

/** The handlers of `pipeline`. */
export const makePipelineHandlers = Effect.map(
  Effect.all([makeCreateHandler, makeGetHandler, makeListHandler, makeCancelHandler]),
  (handlers): ReadonlyArray<Handler> => handlers
)
