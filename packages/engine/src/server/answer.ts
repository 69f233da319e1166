/**
 * Answers one call: finds the operation, checks flags, decodes the payload, and wraps the result.
 */
import { flagOf, joined, sentence } from "@backbeat/contract/Text"
import { type CallRequest, type Flags } from "@backbeat/contract/Call"
import { addressed, messageOf, exitCodeOf, exitStatuses, failed } from "@backbeat/contract/Envelope"
import { withoutVain } from "@backbeat/contract/meant/holds"
import { foreignFlag } from "@backbeat/contract/foreignFlag"
import type { Operation } from "@backbeat/contract/Operation"
import { payloadOf } from "@backbeat/contract/payload"
import { commandInputError, type Problem, atFlag } from "@backbeat/contract/Problem"
import { surfaceOf } from "@backbeat/contract/surface/surfaces"
import type { StoreError } from "@backbeat/store/StoreError"
import { Disk } from "@backbeat/store/Disk"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Stream from "effect/Stream"
import { makeApplySettings } from "../queue/applySettings.ts"
import { Home } from "../home/Home.ts"
import { logDebug } from "../life/engineLog.ts"
import { makeHandlers } from "../handlers/all.ts"
import { type Call, toProblem } from "../call/Call.ts"
import { CallerSurface } from "../call/written.ts"
import { makeAnswerPayload } from "./answerPayload.ts"
import { type Answer, document } from "./document.ts"
import { misplacedFile } from "./misplacedFile.ts"
import { reportDefect } from "./report.ts"

/** Rejects flags that require another flag, or cannot be combined with one. */
const checkTogether = (
  { waits = false }: Operation,
  flags: Flags
): Effect.Effect<void, Problem> => {
  if (flags["exit-status"] === true && flags.wait !== true && !waits) {
    return Effect.fail(
      atFlag(
        "exit-status",
        commandInputError(
          sentence`${flagOf("exit-status")} requires ${flagOf("wait")}`,
          sentence`Add ${flagOf("wait")}, or remove ${flagOf("exit-status")}.`
        )
      )
    )
  }
  return flags.get !== undefined && flags.stream === true
    ? Effect.fail(
        atFlag(
          "get",
          commandInputError(
            sentence`${flagOf("get")} cannot be combined with ${flagOf("stream")}`,
            "Remove one of them."
          )
        )
      )
    : Effect.void
}

const checkFlags = (
  operation: Operation,
  flags: Flags,
  payload: Result.Result<unknown, Problem>
): Effect.Effect<void, Problem> => {
  const adapt = foreignFlag(operation, flags)
  if (adapt === null) return checkTogether(operation, flags)
  if (Result.isFailure(payload)) return Effect.fail(adapt)
  const kept = Object.entries(flags).filter(([name]) =>
    operation.flags.some((each) => each === name)
  )
  return Effect.fail({
    ...adapt,
    try: { operation: operation.name, payload: payload.success, flags: Object.fromEntries(kept) }
  })
}

/** Suggests an operation for an unknown name. Loads the whole table only in this case. */
const unknownOperation = (name: string) =>
  Effect.flatMap(
    Effect.promise(() => import("@backbeat/contract/discovery")),
    ({ lookUp }) =>
      Effect.flatMap(Effect.fromResult(lookUp(name)), () => Effect.die(`no handler for ${name}`))
  )

/**
 * The exit code with --exit-status if there is no task's exit code: the wait timed out, or the call
 * was rejected.
 */
const refusedCode = (trouble: Problem, flags: Flags): number => {
  if (flags["exit-status"] !== true) return exitCodeOf(trouble)
  return trouble.type === "TaskWaitTimedOut" ? exitStatuses.timeIsUp : exitStatuses.refused
}

/** The document of a problem. */
const refusal = ({ operation, flags, caller }: CallRequest, trouble: Problem): Answer => ({
  ...document(
    failed(operation, trouble, surfaceOf(caller.surface)),
    refusedCode(trouble, flags),
    flags
  ),
  failed: true
})

/** The problem for the caller, without a suggested call that would be rejected itself. */
const toCaller = (...given: Parameters<typeof addressed>): Problem =>
  withoutVain(addressed(...given))

const reject = (trouble: Problem, request: CallRequest): Answer =>
  refusal(request, toCaller(trouble, request))

const explainDefect = (
  root: string,
  operation: string,
  defect: unknown
): Effect.Effect<Problem> => {
  const known = misplacedFile(root, defect)
  return known === null
    ? reportDefect(root, operation, defect)
    : Effect.as(Effect.logWarning(messageOf(known)), known)
}

/** Logs the result of each call, and adds the call to every log entry. */
const logged =
  (answer: (request: CallRequest) => Effect.Effect<Answer>) =>
  (request: CallRequest): Effect.Effect<Answer> =>
    Effect.suspend(() => {
      const beganAt = performance.now()
      const took = () => `${Math.round(performance.now() - beganAt)} ms`
      return Effect.tap(answer(request), (answered) =>
        logDebug(() =>
          answered.kind === "stream"
            ? `answered in ${took()} with a stream`
            : `answered in ${took()}, exit code ${answered.exitCode}`
        )
      )
    }).pipe(
      Effect.annotateLogs({ operation: request.operation, request: request.caller.requestId })
    )

/** Builds a function that answers calls. Never fails: problems and defects are documents too. */
export const makeAnswer = Effect.gen(function* () {
  const { root } = yield* Home
  const disk = yield* Disk
  const findHandler = yield* makeHandlers
  const answerPayload = yield* makeAnswerPayload
  const applySettings = yield* makeApplySettings

  const run = Effect.fnUntraced(function* (request: CallRequest) {
    const handled = yield* findHandler(request.operation)
    if (handled === null) return yield* unknownOperation(request.operation)
    const { operation } = handled
    const parsed = payloadOf(operation, request)
    yield* checkFlags(operation, request.flags, parsed)
    const payload = yield* Effect.fromResult(parsed)
    yield* applySettings
    const adapt = (trouble: Problem, given: unknown = payload) => toCaller(trouble, request, given)
    const call: Call = { caller: request.caller, flags: request.flags, addressed: adapt }
    if (
      (request.flags.stream === true || request.flags.follow === true) &&
      handled.stream !== undefined
    ) {
      const frames = yield* Effect.mapError(handled.stream(payload, call), (trouble) =>
        adapt(trouble)
      )
      return {
        kind: "stream",
        frames: Stream.mapError(frames, (trouble) => adapt(trouble)),
        operation: operation.name,
        surface: surfaceOf(request.caller.surface)
      } as const
    }
    return yield* Effect.mapError(answerPayload(handled, payload, call), (trouble) =>
      adapt(trouble)
    )
  })

  /** The answer when the disk rejects a flush: a read operation still returns what it read. */
  const unflushed = Effect.fnUntraced(function* (name: string, error: StoreError) {
    yield* Effect.logError(`the changes could not be forced to the disk: ${error.message}`)
    const handled = yield* findHandler(name)
    if (handled === null || handled.operation.readOnly) return
    const trouble = toProblem(error)
    const message = joined(
      `the changes of ${name} could not be forced to the disk; a power failure may undo them. `,
      trouble.message
    )
    return yield* Effect.fail({ ...trouble, message })
  })

  return logged((request) =>
    run(request).pipe(
      Effect.provideService(CallerSurface, surfaceOf(request.caller.surface)),
      Effect.catch((trouble) => Effect.succeed(reject(trouble, request))),
      // Every answer is flushed to the disk first, so that a power failure does not make it untrue.
      Effect.tap(() => Effect.catch(disk.flushed, (error) => unflushed(request.operation, error))),
      Effect.catch((trouble) => Effect.succeed(reject(trouble, request))),
      Effect.catchDefect((defect) =>
        Effect.map(explainDefect(root, request.operation, defect), (trouble) =>
          refusal(request, trouble)
        )
      )
    )
  )
})
