/** Creates loops. The first iteration begins in the same commit. */
import { loopAggregate } from "@backbeat/core/loop/aggregate"
import type { Loop } from "@backbeat/core/loop/Loop"
import { makeLoopId } from "@backbeat/core/loop/LoopId"
import type { LoopInput } from "@backbeat/contract/operation/loopInput"
import { type Problem, problem, atField } from "@backbeat/contract/Problem"
import { AggregateStore } from "@backbeat/store/AggregateStore"
import { IdStore } from "@backbeat/store/IdStore"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { join } from "node:path"
import { toProblem } from "../call/Call.ts"
import { contentName, gitState } from "../checkpoint/gitState.ts"
import type { FullTx } from "../commit/CommitRules.ts"
import { Transitions } from "../commit/Transitions.ts"
import { makeIdempotent, type RequestEffects } from "../creation/idempotent.ts"
import { writeStored } from "../creation/storeEnvironment.ts"
import { makeFreeIds } from "../creation/freeIds.ts"
import { type Origin, ownerOf } from "../creation/Origin.ts"
import { Home } from "../home/Home.ts"
import { removeKeeper, saveVariables } from "../home/KeptVariables.ts"
import { once } from "../wiring/once.ts"
import { makeCheckLoop } from "./checkLoop.ts"
import { findRepository } from "./git/findRepository.ts"
import { loopCwd, specifyLoop, type SpecifiedLoop } from "./loopSpec.ts"

/** Under which a call notes its loop. */
const part = "loop"

const isTaken = (id: string, kind: string): Problem =>
  atField(
    "id",
    problem(
      "IllegalTransition",
      `${id} is the id of a ${kind}`,
      "Use another id, or remove id to get a new one.",
      { id }
    )
  )

const madeAndGone = (id: string): Problem =>
  problem(
    "LoopNotFound",
    `this call created loop ${id}, which has been removed since`,
    "Nothing ran a second time.",
    { id }
  )

/** Creates loops; made once. */
export const makeLoopCreation = once(
  Effect.gen(function* () {
    const { root } = yield* Home
    const ids = yield* IdStore
    const aggregates = yield* AggregateStore
    const transitions = yield* Transitions
    const idempotent = yield* makeIdempotent
    const { freeIdOf } = yield* makeFreeIds
    const check = yield* makeCheckLoop

    const idOf = Effect.fnUntraced(function* ({ id }: LoopInput, origin: Origin) {
      if (id === undefined) return yield* freeIdOf(makeLoopId, origin)
      const kind = yield* ids.kindOf(id)
      return kind === null ? id : yield* Effect.fail(isTaken(id, kind))
    })

    const make = Effect.fnUntraced(function* (
      tx: FullTx,
      input: LoopInput,
      { spec, kept }: SpecifiedLoop,
      doing: RequestEffects & { readonly origin: Origin; readonly tree: string | null }
    ) {
      const { origin, tree } = doing
      const id = yield* idOf(input, origin)
      yield* writeStored(id, () => saveVariables(root, { kind: "loop", id }, kept))
      doing.note(part, { id, attempt: 1 })
      const owner = ownerOf(origin, 0, input.sessionId ?? null)
      return yield* tx
        .of(loopAggregate)
        .create(id, { type: "loop.created", loop: spec, owner, tree }, origin.actor)
    })

    /** The loop that an earlier delivery of the call has created, if it has. */
    const createdBefore = (origin: Origin) =>
      origin.repeated
        ? transitions.commit((tx) =>
            idempotent(tx, origin, ({ before }) => Effect.succeed(before.get(part)?.id ?? null))
          )
        : Effect.succeed(null)

    /** Where it works, when that is to be a worktree. The id names the branch, so that it is known before. */
    const repositoryOf = Effect.fnUntraced(function* (
      { git, id }: LoopInput,
      origin: Origin,
      cwd: string
    ) {
      if (git === undefined) return null
      const now = yield* Clock.currentTimeMillis
      const place = { cwd, environment: origin.environment }
      const scratch = join(root, "loops", `.${origin.requestId}`)
      return yield* findRepository(place, git, id ?? (yield* freeIdOf(makeLoopId, origin)), {
        scratch,
        now
      })
    })

    /** Creates a loop. Of one that is refused nothing is left. */
    const create = (input: LoopInput, origin: Origin): Effect.Effect<Loop, Problem> =>
      Effect.gen(function* () {
        const made = yield* createdBefore(origin)
        if (made !== null)
          return (
            (yield* aggregates.find(loopAggregate, made)) ?? (yield* Effect.fail(madeAndGone(made)))
          )
        const cwd = yield* Effect.fromResult(loopCwd(input, origin))
        const git = yield* repositoryOf(input, origin, cwd)
        const specified = yield* Effect.fromResult(specifyLoop(input, origin, { cwd, git }))
        yield* check(yield* idOf(input, origin), specified, origin)
        const before = yield* gitState(cwd, origin.environment)
        const tree = before === null ? null : yield* contentName(cwd, origin.environment, before)
        const kept: Array<string> = []
        return yield* transitions
          .commit((tx) =>
            Effect.tap(
              idempotent(tx, origin, (doing) =>
                make(tx, input, specified, { ...doing, origin, tree })
              ),
              ({ id }) => Effect.sync(() => kept.push(id))
            )
          )
          .pipe(
            Effect.onExit((exit) =>
              Exit.isSuccess(exit)
                ? Effect.void
                : Effect.sync(() => kept.forEach((id) => removeKeeper(root, { kind: "loop", id })))
            )
          )
      }).pipe(Effect.mapError(toProblem))

    return { create }
  })
)
