/**
 * Scans for the live processes of attempts. Reading the process table is the expensive part, so all
 * requests before a reading share it.
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
  /** The attempts that are scanned together and have processes; a single one does not wait. */
  together: new Set<string>(),
  last: { tookMs: 0, endedAt: Number.NEGATIVE_INFINITY }
}))

/**
 * All results are set before the first caller continues, so that its next request gets the next
 * reading.
 */
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

/**
 * Concurrent requests come one by one in separate turns. A pause as long as the last reading
 * collects them.
 */
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

/**
 * The live processes of an attempt, as `remainsOfAll` returns them, by a reading in the next turn
 * of the event loop.
 */
export const look = (tree: AttemptTree): Look =>
  ask({ tree, known: [] }, () => callNextTurn(answerAll))

const betweenLooksMs = 1

/**
 * Scans a second time if the first scan finds nothing, because a process shows no environment for
 * an instant while it execs.
 */
export const lookTwice = (tree: AttemptTree): Look =>
  Effect.flatMap(look(tree), (left) =>
    left.length > 0 ? Effect.succeed(left) : Effect.delay(look(tree), betweenLooksMs)
  )

/**
 * Scans for one of many repeated requests: the reading starts after the request too, but waits for
 * others for as long as a reading takes. `known` are processes from an earlier scan; they stay
 * known.
 */
export const lookTogether = (tree: AttemptTree, known: ReadonlyArray<RemainingProcess>): Look =>
  ask({ tree, known }, () => {
    const { together, last, waiting } = asking()
    if (steadyMs() - last.endedAt > forgottenAfterMs && waiting.size === 0) together.clear()
    together.add(tree.dir)
    // A caller that already waits has started a reading.
    if (waiting.size === 0) callNextTurn(answerGathered)
  })
