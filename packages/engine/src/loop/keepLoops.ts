/**
 * Does for loops what cannot be part of a commit: makes, saves and settles their worktrees, and reports it. It may be done again: an engine
 * that is killed has it done by the next one.
 */
import { loopAggregate } from "@backbeat/core/loop/aggregate"
import { type Loop, stepOf } from "@backbeat/core/loop/Loop"
import type { LoopCommand } from "@backbeat/core/loop/LoopCommand"
import { AggregateStore } from "@backbeat/store/AggregateStore"
import type { StoreError } from "@backbeat/store/StoreError"
import * as Effect from "effect/Effect"
import * as FiberSet from "effect/FiberSet"
import * as Semaphore from "effect/Semaphore"
import { persistently } from "../alarm/persistently.ts"
import { Transitions } from "../commit/Transitions.ts"
import { Home } from "../home/Home.ts"
import { readVariables } from "../home/KeptVariables.ts"
import { makeWorktree } from "./git/makeWorktree.ts"
import type { GitFailed } from "./git/runGit.ts"
import { saveIteration } from "./git/saveIteration.ts"
import { settleWorktree } from "./git/settleWorktree.ts"
import { loopActor } from "./loopOrigin.ts"

/** How long, in milliseconds, until what could not be stored is tried again. */
const storeRetryMs = 2000

const liveStatuses = ["running", "pausing", "stopping"] as const
const pageCount = 500

/** Does what the step of a loop asks of the engine, and gives the report; null when it asks nothing. */
const makePerform = Effect.map(
  Home,
  ({ root }) =>
    (loop: Loop): Effect.Effect<LoopCommand, GitFailed> | null => {
      const step = stepOf(loop)
      const { git: spec } = loop.spec
      const { place } = loop.progress
      if (step === null || spec === null) return null
      const environment = readVariables(root, { kind: "loop", id: loop.id })?.environment ?? {}
      if (step.kind === "preparing")
        return Effect.map(makeWorktree(root, loop, spec, environment), (made) => ({
          type: "EndPreparing",
          ...made
        }))
      if (place === null || place.path === null) return null
      const there = { ...place, path: place.path }
      if (step.kind === "saving") {
        const { number } = step.worked
        return Effect.map(
          saveIteration(loop, step.worked, there, { spec, environment }),
          (saved) => ({ type: "Save", number, ...saved })
        )
      }
      if (step.kind !== "settling") return null
      return Effect.as(settleWorktree(loop, there, step, environment), {
        type: "Settle",
        head: step.head
      })
    }
)

/** What a loop is told of a git that refuses: where its work is stays as it is. */
const givingUp = ({ progress: { place } }: Loop, { message }: GitFailed): LoopCommand => ({
  type: "GiveUp",
  reason: place?.path == null ? message : `${message}; the worktree ${place.path} stays as it is`
})

/** Acts on every commit that changes a loop, and once on what an earlier engine left, until the scope ends. */
export const keepLoops = Effect.gen(function* () {
  const aggregates = yield* AggregateStore
  const transitions = yield* Transitions
  const perform = yield* makePerform
  const run = yield* FiberSet.makeRuntime()
  const lanes = new Map<string, Semaphore.Semaphore>()

  const report = (id: string, command: LoopCommand): Effect.Effect<void, StoreError> =>
    transitions.commit((tx) =>
      Effect.flatMap(aggregates.find(loopAggregate, id), (loop) =>
        loop === null
          ? Effect.void
          : Effect.asVoid(tx.of(loopAggregate).change(loop, command, loopActor)).pipe(
              // It has ended meanwhile: nobody waits for the report.
              Effect.catchTag("IllegalLoopCommand", () => Effect.void)
            )
      )
    )

  const act = (id: string): Effect.Effect<void> =>
    Effect.gen(function* () {
      const loop = yield* aggregates.find(loopAggregate, id)
      const performing = loop === null ? null : perform(loop)
      if (loop === null || performing === null) return
      const command = yield* Effect.catchTag(performing, "GitFailed", (failed) =>
        Effect.succeed(givingUp(loop, failed))
      )
      yield* report(id, command)
    }).pipe(
      Effect.catch((error) =>
        Effect.logError(`the worktree of loop ${id} could not be cared for: ${error.message}`).pipe(
          Effect.andThen(Effect.sleep(storeRetryMs)),
          Effect.andThen(Effect.suspend(() => act(id)))
        )
      )
    )

  /** One act at a time for each loop: what comes meanwhile is done behind it, on the state as it is then. */
  const laneOf = (id: string): Semaphore.Semaphore => {
    const lane = lanes.get(id) ?? Semaphore.makeUnsafe(1)
    lanes.set(id, lane)
    return lane
  }
  const wake = (id: string): void =>
    void run(laneOf(id).withPermit(persistently(`the worktree of loop ${id}`, act(id))))

  transitions.onCommit((_, changed) => {
    for (const id of new Set(changed.flatMap((each) => (each.kind === "loop" ? [each.id] : []))))
      wake(id)
  })
  /** What an earlier engine left, in the background: the call that started this one is answered first. */
  const resume: Effect.Effect<void, StoreError> = Effect.gen(function* () {
    for (let after: string | undefined; ;) {
      const page = yield* aggregates.list(
        loopAggregate,
        { status: liveStatuses },
        { limit: pageCount, after }
      )
      for (const { id } of page.states) wake(id)
      if (page.next === null) return
      after = page.next
    }
  })
  const retried: Effect.Effect<void> = Effect.catch(resume, (error) =>
    Effect.logError(`the loops could not be read: ${error.message}`).pipe(
      Effect.andThen(Effect.sleep(storeRetryMs)),
      Effect.andThen(Effect.suspend(() => retried))
    )
  )
  run(retried)
})
