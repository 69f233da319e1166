/** Answers one call: finds the operation, checks flags, decodes the payload, and wraps what comes back. */
import { type CallRequest, type Flags } from "@backbeat/contract/Call"
import { addressed, exitCodeOf, exitCodes, failed, succeeded } from "@backbeat/contract/Envelope"
import type { Frame } from "@backbeat/contract/operation/output"
import { type FlagName, flagNames } from "@backbeat/contract/names"
import { knownFlags, type Operation } from "@backbeat/contract/Operation"
import { payloadOf } from "@backbeat/contract/payload"
import { commandInputError, type Problem } from "@backbeat/contract/Problem"
import type { StoreError } from "@backbeat/store/StoreError"
import { TaskStore } from "@backbeat/store/TaskStore"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { makeNoticeSettings } from "../admission/noticeSettings.ts"
import { Home } from "../home/Home.ts"
import { makeHandlers } from "../handlers/all.ts"
import { type Call, type Handled, toProblem } from "../handlers/Call.ts"
import { answerBatch } from "./batch.ts"
import { misplaced } from "./misplaced.ts"
import { shown } from "./shown.ts"
import { reportDefect } from "./report.ts"
import { withArtifact } from "./withArtifact.ts"

/** A document with the caller's exit code, whole or as the parts of its text, or frames. `failed`: it is a problem. */
export type Answer =
  | { readonly kind: "document"; readonly text: string | Stream.Stream<string>; readonly exitCode: number; readonly failed?: boolean }
  | { readonly kind: "stream"; readonly frames: Stream.Stream<Frame, Problem>; readonly operation: string }

const isGiven = (flags: Flags, name: FlagName): boolean => flags[name] !== undefined && flags[name] !== false

const checkFlags = (operation: Operation, flags: Flags): Effect.Effect<void, Problem> => {
  const unknown = flagNames.find((name) => isGiven(flags, name) && !operation.flags.includes(name))
  if (unknown === undefined) return Effect.void
  const known = knownFlags(operation)
  return Effect.fail(
    commandInputError(`${operation.name} does not take the flag --${unknown}`, `It knows ${known.join(", ")}.`, {
      flag: unknown,
      known
    })
  )
}

const document = (value: unknown, exitCode: number, { pretty }: Flags): Extract<Answer, { readonly kind: "document" }> => ({
  kind: "document",
  text: JSON.stringify(value, null, pretty === true ? 2 : undefined),
  exitCode
})

/** A document around the JSON of its data. */
const documentOf = (operation: string, parts: Stream.Stream<string>): Answer => {
  const [before = "", after = ""] = JSON.stringify(succeeded(operation, 0)).split('"data":0')
  const text = Stream.make(`${before}"data":`).pipe(Stream.concat(parts), Stream.concat(Stream.make(after)))
  return { kind: "document", text, exitCode: exitCodes.ok }
}

/** Says what is near to a name that there is not. The whole table is read only for this. */
const unknownOperation = (name: string) =>
  Effect.flatMap(Effect.promise(() => import("@backbeat/contract/discovery")), ({ lookUp }) =>
    Effect.flatMap(Effect.fromResult(lookUp(name)), () => Effect.die(`no handler for ${name}`))
  )

const humanly = (data: unknown, { color = false }: Flags) =>
  Effect.map(Effect.promise(() => import("./human.ts")), ({ humanText }) => humanText(data, color))

/** The document of a problem. */
export const refusal = (command: string, trouble: Problem, flags: Flags): Answer => ({
  ...document(failed(command, trouble), exitCodeOf(trouble), flags),
  failed: true
})

const refuse = (trouble: Problem, request: CallRequest): Answer => refusal(request.operation, addressed(trouble, request), request.flags)

const explainDefect = (root: string, operation: string, defect: unknown): Effect.Effect<Problem> => {
  const known = misplaced(root, defect)
  return known === null ? reportDefect(root, operation, defect) : Effect.as(Effect.logWarning(known.message), known)
}

/** The payloads of a call that has several: an array, or one that names several tasks; null for any other. */
const severalIn = Effect.fnUntraced(function* ({ operation, expand }: Handled, payload: unknown, call: Call) {
  if (operation.batch && Array.isArray(payload)) return { payloads: payload, isExpanded: false }
  const payloads = expand === undefined ? null : yield* expand(payload, call)
  return payloads === null ? null : { payloads, isExpanded: true }
})

/** Answers calls; made once. Never fails: problems and defects are documents too. */
export const makeAnswer = Effect.gen(function* () {
  const { root } = yield* Home
  const store = yield* TaskStore
  const findHandler = yield* makeHandlers
  const noticeSettings = yield* makeNoticeSettings

  const plain = Effect.fnUntraced(function* (handled: Handled, payload: unknown, call: Call) {
    const { operation } = handled
    const several = yield* severalIn(handled, payload, call)
    if (several !== null) {
      const data = yield* answerBatch(handled, several.payloads, call, several.isExpanded)
      const exitCode = data.errorCount === 0 ? exitCodes.ok : exitCodes.refused
      return document(succeeded(operation.name, data), exitCode, call.flags)
    }
    const text = call.flags.human === true && handled.text !== undefined ? yield* handled.text(payload, call) : null
    if (text !== null) return { kind: "document", text, exitCode: exitCodes.ok } as const
    const parts = handled.parts === undefined ? null : yield* handled.parts(payload, call)
    if (parts !== null) return documentOf(operation.name, parts)
    const data = yield* handled.answer(payload, call)
    const human = call.flags.human === true ? yield* humanly(data, call.flags) : null
    if (human !== null) return { kind: "document", text: human, exitCode: exitCodes.ok } as const
    const now = yield* Clock.currentTimeMillis
    const cut = shown(operation, data, payload, call)
    const answered = withArtifact({ root, operation, now, mode: call.flags.output ?? "auto" }, cut)
    return document(succeeded(operation.name, answered), exitCodes.ok, call.flags)
  })

  const run = Effect.fnUntraced(function* (request: CallRequest) {
    const handled = yield* findHandler(request.operation)
    if (handled === null) return yield* unknownOperation(request.operation)
    const { operation } = handled
    yield* checkFlags(operation, request.flags)
    const payload = yield* Effect.fromResult(payloadOf(operation, request))
    yield* noticeSettings
    if ((request.flags.stream === true || request.flags.follow === true) && handled.stream !== undefined) {
      const frames = yield* handled.stream(payload)
      return { kind: "stream", frames: Stream.mapError(frames, (trouble) => addressed(trouble, request)), operation: operation.name } as const
    }
    return yield* plain(handled, payload, { caller: request.caller, flags: request.flags, addressed: (trouble) => addressed(trouble, request) })
  })

  /** What was read is told also when the disk refuses to keep it: it is as true as before. */
  const unflushed = Effect.fnUntraced(function* (name: string, error: StoreError) {
    yield* Effect.logError(`what was stored could not be forced to the disk: ${error.message}`)
    const handled = yield* findHandler(name)
    if (handled === null || handled.operation.readOnly) return
    const trouble = toProblem("")(error)
    const message = `what the ${name} has done could not be forced to the disk, so a power failure may take it back. ${trouble.message}`
    return yield* Effect.fail({ ...trouble, message })
  })

  return (request: CallRequest): Effect.Effect<Answer> =>
    run(request).pipe(
      Effect.catch((trouble) => Effect.succeed(refuse(trouble, request))),
      // Whatever is told has reached the disk: a power failure does not make it untrue.
      Effect.tap(() => Effect.catch(store.flushed, (error) => unflushed(request.operation, error))),
      Effect.catch((trouble) => Effect.succeed(refuse(trouble, request))),
      Effect.catchDefect((defect) =>
        Effect.map(explainDefect(root, request.operation, defect), (trouble) => refusal(request.operation, trouble, request.flags))
      )
    )
})
