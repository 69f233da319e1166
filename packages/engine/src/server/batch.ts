/** Answers an array of payloads: each item has its own result, in the order given. */
import { errorOf } from "@backbeat/contract/Envelope"
import { commandInputError, type Problem } from "@backbeat/contract/Problem"
import * as Effect from "effect/Effect"
import * as Predicate from "effect/Predicate"
import * as Result from "effect/Result"
import type { Call, Handled } from "../handlers/Call.ts"
import { shown } from "./shown.ts"

const maxItems = 1000
const defaultConcurrency = 10

const outcomeOf = (total: number, errorCount: number): "succeeded" | "partial_failure" | "failed" => {
  if (errorCount === 0) return "succeeded"
  return errorCount === total ? "failed" : "partial_failure"
}

/** A bare word stands in an array for what it stands for by itself. */
const payloadOf = ({ positional }: Handled["operation"], item: unknown): unknown =>
  positional !== null && typeof item === "string" ? { [positional]: item } : item

const oneByOne = (handled: Handled, payloads: ReadonlyArray<unknown>, call: Call) =>
  Effect.forEach(payloads, (payload) => Effect.result(handled.answer(payload, call)), {
    concurrency: call.flags.concurrency ?? handled.concurrency ?? defaultConcurrency
  })

/** What is said of one item is said of all at once: it is likely the same. */
const warningsOf = (data: unknown): ReadonlyArray<unknown> =>
  Predicate.hasProperty(data, "warnings") && Array.isArray(data.warnings) ? data.warnings : []

/** Why an array of so many items is refused; null when it is not. */
export const checkCount = (count: number): Problem | null =>
  count > 0 && count <= maxItems
    ? null
    : commandInputError(`a batch has 1 to ${maxItems} items, this one ${count}`, count === 0 ? "Give at least one item." : "Split it into several calls.", { maxItems })

/** The data of a batch. Fails only when the array itself is refused. */
export const answerBatch = Effect.fnUntraced(function* (handled: Handled, given: ReadonlyArray<unknown>, call: Call, isExpanded = false) {
  // A tag or a session may stand for none, or for more than an array may hold.
  const refusal = isExpanded ? null : checkCount(given.length)
  if (refusal !== null) return yield* Effect.fail(refusal)
  const payloads = given.map((item) => payloadOf(handled.operation, item))
  const results = yield* handled.answerMany?.(payloads, call) ?? oneByOne(handled, payloads, call)
  const errorCount = results.filter(Result.isFailure).length
  const warnings = [...new Set(results.flatMap((result) => (Result.isSuccess(result) ? warningsOf(result.success) : [])))]
  return {
    ...(warnings.length === 0 ? {} : { warnings }),
    outcome: outcomeOf(results.length, errorCount),
    total: results.length,
    successCount: results.length - errorCount,
    errorCount,
    results: results.map((result, index) =>
      Result.isSuccess(result)
        ? { index, ok: true, data: shown(handled.operation, result.success, payloads[index], call) }
        : { index, ok: false, error: errorOf(call.addressed?.(result.failure) ?? result.failure) }
    )
  }
})
