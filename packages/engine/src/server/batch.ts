/** Answers an array of payloads. Each item has its own result, in the order of the array. */
import { present } from "@backbeat/contract/cutTask"
import { countOf, type FailedTask, failuresMaxCount, outcomeOf } from "@backbeat/contract/Ends"
import { errorOf } from "@backbeat/contract/Envelope"
import type { Operation } from "@backbeat/contract/Operation"
import type { Problem } from "@backbeat/contract/Problem"
import { PipelineStatus } from "@backbeat/core/pipeline/Pipeline"
import { Failure } from "@backbeat/core/task/Failure"
import { Health, TaskStatus } from "@backbeat/core/task/TaskState"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import type { Call, Handler } from "../call/Call.ts"
import { CallerSurface } from "../call/written.ts"
import { checkCount } from "../call/checkCount.ts"
import { briefly } from "../output/lastLinesOf.ts"
import { isFull, shown } from "./shown.ts"

const defaultConcurrency = 10

/** A plain word in an array stands for its payload, as it does alone. */
const payloadOf = ({ positional }: Operation, item: unknown): unknown =>
  positional !== null && typeof item === "string" ? { [positional]: item } : item

const answerEach = (handled: Handler, payloads: ReadonlyArray<unknown>, call: Call) =>
  Effect.forEach(payloads, (payload) => Effect.result(handled.answer(payload, call)), {
    concurrency: call.flags.concurrency ?? handled.concurrency ?? defaultConcurrency
  })

/** The warnings of an item. Equal warnings of several items are shown once. */
const warningsOf = (data: unknown): ReadonlyArray<unknown> =>
  Predicate.hasProperty(data, "warnings") && Array.isArray(data.warnings) ? data.warnings : []

/**
 * Expands the payloads of an array. A tag or a session may stand for no task or for several. Fails
 * with CommandInputError.
 */
export const payloadsOf = (
  operation: Operation,
  given: ReadonlyArray<unknown>
): Result.Result<ReadonlyArray<unknown>, Problem> => {
  const rejection = checkCount(given.length)
  return rejection === null
    ? Result.succeed(given.map((item) => payloadOf(operation, item)))
    : Result.fail(rejection)
}

/** The fields of a task or pipeline that a batch shows. */
const Subject = Schema.Struct({
  id: Schema.String,
  status: Schema.Union([TaskStatus, PipelineStatus]),
  health: Schema.optionalKey(Schema.NullOr(Health)),
  exitCode: Schema.optionalKey(Schema.NullOr(Schema.Int)),
  failure: Schema.optionalKey(Schema.NullOr(Failure))
})
type Subject = typeof Subject.Type

const Item = Schema.Struct({
  task: Schema.optionalKey(Subject),
  pipeline: Schema.optionalKey(Subject),
  lastLines: Schema.optionalKey(Schema.Array(Schema.String)),
  left: Schema.optionalKey(Schema.Array(Schema.Unknown)),
  timedOut: Schema.optionalKey(Schema.Boolean),
  neverReady: Schema.optionalKey(Schema.Boolean)
})
const decodeItem = Schema.decodeUnknownOption(Item)
type Item = typeof Item.Type

const subjectOf = ({ task, pipeline }: Item): Subject | null => task ?? pipeline ?? null

const failureOf = ({ lastLines = [], task }: Item): ReadonlyArray<FailedTask> => {
  if (task?.status !== "failed") return []
  const { exitCode, failure, id } = task
  const isExitCode =
    failure?.type === "ExitedNonZero" && exitCode !== null && exitCode !== undefined
  const cause = isExitCode ? { exitCode } : present({ failure })
  return [{ id, ...cause, ...(lastLines.length === 0 ? {} : { lastLines: briefly(lastLines) }) }]
}

/**
 * Whether an item succeeded: for a stop, nothing is left; otherwise the awaited task completed or
 * is ready.
 */
const isGood = (item: Item, stops: boolean): boolean => {
  const subject = subjectOf(item)
  if (stops) return (item.left ?? []).length === 0
  if (item.neverReady === true) return false
  return (
    subject?.status === "completed" || (subject?.status === "running" && subject.health === "ready")
  )
}

const endsOf = (items: ReadonlyArray<Item>, total: number, stops: boolean) => {
  const failures = items.flatMap(failureOf).slice(0, failuresMaxCount)
  return {
    outcome: outcomeOf(total, items.filter((item) => isGood(item, stops)).length),
    counts: countOf(items.flatMap((item) => subjectOf(item)?.status ?? [])),
    ...(failures.length === 0 || stops ? {} : { failures })
  }
}

/** The result of an item in short, without empty fields. */
const short = (index: number, item: Item, cut: unknown) => {
  const {
    task: _,
    pipeline: __,
    lastLines: ___,
    warnings: ____,
    left = [],
    ...beside
  } = Object(cut)
  const subject = subjectOf(item)
  return {
    index,
    ok: true,
    ...(subject === null ? {} : { id: subject.id, status: subject.status }),
    ...beside,
    ...(left.length === 0 ? {} : { left })
  }
}

/** The processes that a stop could not end; StopIncomplete lists them in its details. */
const leftOf = (result: Result.Result<unknown, Problem>): ReadonlyArray<unknown> => {
  const told = Result.isSuccess(result) ? result.success : result.failure.details
  return Predicate.hasProperty(told, "left") && Array.isArray(told.left) ? told.left : []
}

/** The data of a batch. Fails only if the array itself is rejected. */
export const answerBatch = Effect.fnUntraced(function* (
  handled: Handler,
  payloads: ReadonlyArray<unknown>,
  call: Call
) {
  const { operation } = handled
  const surface = yield* CallerSurface
  const results = yield* handled.answerMany?.(payloads, call) ?? answerEach(handled, payloads, call)
  const errorCount = results.filter(Result.isFailure).length
  const warnings = [
    ...new Set(
      results.flatMap((result) => (Result.isSuccess(result) ? warningsOf(result.success) : []))
    )
  ]
  const [total, successCount] = [results.length, results.length - errorCount]
  const items = results.map((result) =>
    Result.isSuccess(result) ? Option.getOrElse(decodeItem(result.success), (): Item => ({})) : null
  )
  const waited = call.flags.wait === true
  const stops = operation.waits === true
  const ends =
    waited || stops
      ? endsOf(
          items.flatMap((item) => item ?? []),
          total,
          stops
        )
      : { outcome: outcomeOf(total, successCount) }
  const shownResults = results.flatMap((result, index): ReadonlyArray<unknown> => {
    if (Result.isFailure(result))
      return [
        {
          index,
          ok: false,
          error: errorOf(
            call.addressed?.(result.failure, payloads[index]) ?? result.failure,
            surface
          )
        }
      ]
    const item = items[index] ?? {}
    const { id, status } = subjectOf(item) ?? {}
    if (isFull(payloads[index]))
      return [{ index, ok: true, ...present({ id, status }), data: result.success }]
    return waited && item.timedOut !== true && item.neverReady !== true
      ? []
      : [short(index, item, shown(operation, result.success, payloads[index], call))]
  })
  const left = stops ? { left: results.flatMap(leftOf) } : {}
  const { outcome, ...more } = ends
  const told = warnings.length === 0 ? {} : { warnings }
  return {
    outcome,
    total,
    successCount,
    errorCount,
    ...told,
    ...more,
    ...left,
    ...(shownResults.length === 0 ? {} : { results: shownResults })
  }
})
