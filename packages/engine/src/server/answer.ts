/** Answers one call: finds the operation, checks flags, decodes the payload, and wraps what comes back. */
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
import { misplaced } from "./misplaced.ts"
import { reportDefect } from "./report.ts"

/** Flags that mean nothing without another one, or beside it. */
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
  const told = foreignFlag(operation, flags)
  if (told === null) return checkTogether(operation, flags)
  if (Result.isFailure(payload)) return Effect.fail(told)
  const kept = Object.entries(flags).filter(([name]) =>
    operation.flags.some((each) => each === name)
  )
  return Effect.fail({
    ...told,
    try: { operation: operation.name, payload: payload.success, flags: Object.fromEntries(kept) }
  })
}

/** Says what is near to a name that there is not. The whole table is read only for this. */
const unknownOperation = (name: string) =>
  Effect.flatMap(
    Effect.promise(() => import("@backbeat/contract/discovery")),
    ({ lookUp }) =>
      Effect.flatMap(Effect.fromResult(lookUp(name)), () => Effect.die(`no handler for ${name}`))
  )

/** With --exit-status no task's exit code: the time of the wait is up, or the call was refused. */
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

/** The problem as its caller gets it, without a suggestion that would be refused itself. */
const address = (...given: Parameters<typeof addressed>): Problem =>
  withoutVain(addressed(...given))

const refuse = (trouble: Problem, request: CallRequest): Answer =>
  refusal(request, address(trouble, request))

const explainDefect = (
  root: string,
  operation: string,
  defect: unknown
): Effect.Effect<Problem> => {
  const known = misplaced(root, defect)
  return known === null
    ? reportDefect(root, operation, defect)
    : Effect.as(Effect.logWarning(messageOf(known)), known)
}

/** Says in the log of each call what it came to, and of each entry for which call it is. */
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

/** Answers calls; made once. Never fails: problems and defects are documents too. */
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
    const told = (trouble: Problem, given: unknown = payload) => address(trouble, request, given)
    const call: Call = { caller: request.caller, flags: request.flags, addressed: told }
    if (
      (request.flags.stream === true || request.flags.follow === true) &&
      handled.stream !== undefined
    ) {
      const frames = yield* Effect.mapError(handled.stream(payload, call), (trouble) =>
        told(trouble)
      )
      return {
        kind: "stream",
        frames: Stream.mapError(frames, (trouble) => told(trouble)),
        operation: operation.name,
        surface: surfaceOf(request.caller.surface)
      } as const
    }
    return yield* Effect.mapError(answerPayload(handled, payload, call), (trouble) => told(trouble))
  })

  /** What was read is told also when the disk refuses to keep it: it is as true as before. */
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
      Effect.catch((trouble) => Effect.succeed(refuse(trouble, request))),
      // Whatever is told has reached the disk: a power failure does not make it untrue.
      Effect.tap(() => Effect.catch(disk.flushed, (error) => unflushed(request.operation, error))),
      Effect.catch((trouble) => Effect.succeed(refuse(trouble, request))),
      Effect.catchDefect((defect) =>
        Effect.map(explainDefect(root, request.operation, defect), (trouble) =>
          refusal(request, trouble)
        )
      )
    )
  )
})
