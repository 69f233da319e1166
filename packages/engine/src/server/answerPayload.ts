/**
 * Answers a payload: one or several, complete or cut, inline or as an artifact, as JSON or as text
 * for people.
 */
import type { Flags } from "@backbeat/contract/Call"
import { exitCodes, succeeded } from "@backbeat/contract/Envelope"
import type { Operation } from "@backbeat/contract/Operation"
import { pick, pickedText } from "@backbeat/contract/pick"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Predicate from "effect/Predicate"
import { Home } from "../home/Home.ts"
import type { Call, Handler } from "../call/Call.ts"
import { answerBatch, payloadsOf } from "./batch.ts"
import { document, documentOf } from "./document.ts"
import { exitStatusOf } from "./exitStatus.ts"
import { isFull, shown } from "./shown.ts"
import { withArtifact } from "./withArtifact.ts"

const humanly = (
  { human }: Operation,
  data: unknown,
  { color = false, zone = "UTC" }: Flags,
  now: number
) =>
  Effect.map(
    Effect.promise(() => import("../human/humanText.ts")),
    ({ humanText }) => humanText(human, data, { color, zone, now })
  )

/**
 * Expands a call into several payloads: an array, or one payload that names several tasks; null for
 * others.
 */
const expandPayloads = Effect.fnUntraced(function* (
  { operation, expand }: Handler,
  payload: unknown,
  call: Call
) {
  if (operation.batch && Array.isArray(payload))
    return yield* Effect.fromResult(payloadsOf(operation, payload))
  return expand === undefined ? null : yield* expand(payload, call)
})

const whole = (item: unknown) =>
  typeof item === "object" && item !== null ? { ...item, full: true } : item

/** The payload for the complete answer: with --get nothing is cut, and no artifact is made. */
const withFull = ({ cut }: Operation, payload: unknown): unknown => {
  if (cut === undefined) return payload
  return Array.isArray(payload) ? payload.map(whole) : whole(payload)
}

/** The complete data of an answer, with its handler and call. */
interface Answered {
  readonly handled: Handler
  readonly data: unknown
  readonly call: Call
  readonly exitCode: number
}

/** Builds a function that answers payloads. */
export const makeAnswerPayload = Effect.map(Home, ({ root }) => {
  /**
   * The document of data: one value of it, text for people, or JSON that may become an artifact.
   */
  const documentFor = Effect.fnUntraced(function* (
    { handled: { operation }, data, call: { flags }, exitCode }: Answered,
    cut: () => unknown
  ) {
    const code = flags["exit-status"] === true ? exitStatusOf(data) : exitCode
    if (flags.get !== undefined) {
      const value = yield* Effect.fromResult(pick(operation.name, data, flags.get))
      return { kind: "document", text: pickedText(value), exitCode: code } as const
    }
    const now = yield* Clock.currentTimeMillis
    if (flags.human === true)
      return {
        kind: "document",
        text: yield* humanly(operation, data, flags, now),
        exitCode: code
      } as const
    return document(
      succeeded(
        operation.name,
        withArtifact({ root, operation, now, mode: flags.output ?? "auto" }, cut())
      ),
      code,
      flags
    )
  })

  const many = Effect.fnUntraced(function* (
    handled: Handler,
    payloads: ReadonlyArray<unknown>,
    call: Call
  ) {
    if (handled.several === undefined) {
      const data = yield* answerBatch(handled, payloads, call)
      return yield* documentFor(
        { handled, data, call, exitCode: data.errorCount === 0 ? exitCodes.ok : exitCodes.refused },
        () => data
      )
    }
    const data = yield* handled.several(payloads, call)
    const isMissing = Predicate.hasProperty(data, "errors")
    return yield* documentFor(
      { handled, data, call, exitCode: isMissing ? exitCodes.refused : exitCodes.ok },
      () => shown(handled.operation, data, { full: payloads.some(isFull) }, call)
    )
  })

  return Effect.fnUntraced(function* (handled: Handler, given: unknown, call: Call) {
    const { operation } = handled
    const payload = call.flags.get === undefined ? given : withFull(operation, given)
    const payloads = yield* expandPayloads(handled, payload, call)
    if (payloads !== null) return yield* many(handled, payloads, call)
    const text =
      call.flags.human === true && handled.text !== undefined
        ? yield* handled.text(payload, call)
        : null
    if (text !== null) return { kind: "document", text, exitCode: exitCodes.ok } as const
    const parts =
      handled.parts === undefined || call.flags.get !== undefined
        ? null
        : yield* handled.parts(payload, call)
    if (parts !== null) return documentOf(operation.name, parts)
    const data = yield* handled.answer(
      payload,
      call.flags.get === undefined ? call : { ...call, flags: { ...call.flags, output: "inline" } }
    )
    return yield* documentFor({ handled, data, call, exitCode: exitCodes.ok }, () =>
      shown(operation, data, payload, call)
    )
  })
})
