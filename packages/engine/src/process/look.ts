/**
 * Looks at what an attempt has left alive. Reading the process table is what a look costs: all who ask before it is read
 * share it.
 */
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import { ofProcess } from "../system/ofProcess.ts"
import { callAfter, callNextTurn, steadyMs } from "../system/time.ts"
import type { Asked, AttemptTree, RemainingProcess } from "./remains.ts"
import { remainsOfAll } from "./remains.ts"

type Look = Effect.Effect<ReadonlyArray<RemainingProcess>>
type Waiting = Asked & { readonly resume: (answer: Look) => void }

const forgottenAfterMs = 100

const asking = ofProcess(() => ({
  waiting: new Set<Waiting>(),
  /** The attempts that are looked at together and have something left: one alone waits for nobody. */
  together: new Set<string>(),
  last: { tookMs: 0, endedAt: Number.NEGATIVE_INFINITY }
}))

/** Everybody's answer is there before the first goes on: what that one does and asks then is for the next reading. */
const answerAll = (): void => {
  const now = asking()
  const all = [...now.waiting]
  now.waiting = new Set()
  if (all.length === 0) return
  const beganAt = steadyMs()
  const answers = Result.try(() => remainsOfAll(all))
  const endedAt = steadyMs()
  now.last = { tookMs: endedAt - beganAt, endedAt }
  for (const [index, { tree, resume }] of all.entries()) {
    const answer = Result.flatMap(
      answers,
      (each) => each[index] ?? Result.fail("a look without an answer")
    )
    if (Result.isFailure(answer) || answer.success.length === 0) now.together.delete(tree.dir)
    resume(Result.isSuccess(answer) ? Effect.succeed(answer.success) : Effect.die(answer.failure))
  }
}

/** Several at once come one by one, each on a turn of its own: a pause as long as the last reading lets them gather. */
const answerGathered = (): void => {
  const { together, last } = asking()
  const pauseMs = together.size > 1 ? last.endedAt + last.tookMs - steadyMs() : 0
  if (pauseMs > 0) callAfter(pauseMs, answerAll)
  else answerAll()
}

const ask = (asked: Asked, begin: () => void): Look =>
  Effect.callback((resume) => {
    const mine = { ...asked, resume }
    begin()
    asking().waiting.add(mine)
    return Effect.sync(() => asking().waiting.delete(mine))
  })

/** The live processes of an attempt as `remainsOfAll` tells them, by a reading on the next turn of the event loop. */
export const look = (tree: AttemptTree): Look =>
  ask({ tree, known: [] }, () => callNextTurn(answerAll))

const betweenLooksMs = 1

/** Looks again when a look has found nothing: a process shows no environment for an instant while it execs. */
export const lookTwice = (tree: AttemptTree): Look =>
  Effect.flatMap(look(tree), (left) =>
    left.length > 0 ? Effect.succeed(left) : Effect.delay(look(tree), betweenLooksMs)
  )

/**
 * Looks as one of possibly many that look again and again: the reading begins after the request too, but waits for others as
 * long as one lasts. `known`, what an earlier look found, keeps it known.
 */
export const lookTogether = (tree: AttemptTree, known: ReadonlyArray<RemainingProcess>): Look =>
  ask({ tree, known }, () => {
    const { together, last, waiting } = asking()
    if (steadyMs() - last.endedAt > forgottenAfterMs && waiting.size === 0) together.clear()
    together.add(tree.dir)
    // Whoever waits already has begun a reading.
    if (waiting.size === 0) callNextTurn(answerGathered)
  })
