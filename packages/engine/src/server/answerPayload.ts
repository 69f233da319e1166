/** Answers a payload: one or several, whole or cut, in the answer or in a file, as JSON or as text for people. */
import type { Flags } from "@backbeat/contract/Call"
import { exitCodes, succeeded } from "@backbeat/contract/Envelope"
import type { Operation } from "@backbeat/contract/Operation"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Predicate from "effect/Predicate"
import { Home } from "../home/Home.ts"
import type { Call, Handled } from "../handlers/Call.ts"
import { answerBatch, payloadsOf } from "./batch.ts"
import { document, documentOf } from "./document.ts"
import { isFull, shown } from "./shown.ts"
import { withArtifact } from "./withArtifact.ts"

const humanly = (data: unknown, { color = false }: Flags) =>
  Effect.map(Effect.promise(() => import("./human.ts")), ({ humanText }) => humanText(data, color))

/** The payloads of a call that has several: an array, or one that names several tasks; null for any other. */
const severalIn = Effect.fnUntraced(function* ({ operation, expand }: Handled, payload: unknown, call: Call) {
  if (operation.batch && Array.isArray(payload)) return yield* Effect.fromResult(payloadsOf(operation, payload))
  return expand === undefined ? null : yield* expand(payload, call)
})

/** Answers payloads; made once. */
export const makeAnswerPayload = Effect.map(Home, ({ root }) => {
  /** The document of data that may be too large to be shown. */
  const fitting = (operation: Operation, data: unknown, { flags }: Call, exitCode: number = exitCodes.ok) =>
    Effect.map(Clock.currentTimeMillis, (now) =>
      document(succeeded(operation.name, withArtifact({ root, operation, now, mode: flags.output ?? "auto" }, data)), exitCode, flags)
    )

  const many = Effect.fnUntraced(function* (handled: Handled, payloads: ReadonlyArray<unknown>, call: Call) {
    const { operation, several } = handled
    if (several === undefined) {
      const data = yield* answerBatch(handled, payloads, call)
      return yield* fitting(operation, data, call, data.errorCount === 0 ? exitCodes.ok : exitCodes.refused)
    }
    const data = yield* several(payloads, call)
    const isMissing = Predicate.hasProperty(data, "errors")
    return yield* fitting(operation, shown(operation, data, { full: payloads.some(isFull) }, call), call, isMissing ? exitCodes.refused : exitCodes.ok)
  })

  return Effect.fnUntraced(function* (handled: Handled, payload: unknown, call: Call) {
    const { operation } = handled
    const payloads = yield* severalIn(handled, payload, call)
    if (payloads !== null) return yield* many(handled, payloads, call)
    const text = call.flags.human === true && handled.text !== undefined ? yield* handled.text(payload, call) : null
    if (text !== null) return { kind: "document", text, exitCode: exitCodes.ok } as const
    const parts = handled.parts === undefined ? null : yield* handled.parts(payload, call)
    if (parts !== null) return documentOf(operation.name, parts)
    const data = yield* handled.answer(payload, call)
    const human = call.flags.human === true ? yield* humanly(data, call.flags) : null
    if (human !== null) return { kind: "document", text: human, exitCode: exitCodes.ok } as const
    return yield* fitting(operation, shown(operation, data, payload, call), call)
  })
})
