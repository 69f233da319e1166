/** Removes loops that ended long ago, once their tasks are removed and their worktree is too. */
import { loopAggregate } from "@backbeat/core/loop/aggregate"
import type { Loop } from "@backbeat/core/loop/Loop"
import { AggregateStore } from "@backbeat/store/AggregateStore"
import { TaskStore } from "@backbeat/store/TaskStore"
import * as Effect from "effect/Effect"
import { makeWithRoom } from "../commit/withRoom.ts"
import { Home } from "../home/Home.ts"
import { removeKeeper } from "../home/KeptVariables.ts"
import { once } from "../wiring/once.ts"

const ended = ["completed", "failed", "cancelled"] as const
const pageCount = 500

const endedBefore = ({ state, progress: { place } }: Loop, at: number): boolean =>
  "endedAt" in state && state.endedAt < at && place?.path == null

/** Removes those that ended before an instant (epoch ms); made once. Fails with StoreError. */
export const makeForgetLoops = once(
  Effect.gen(function* () {
    const { root } = yield* Home
    const aggregates = yield* AggregateStore
    const store = yield* TaskStore
    const withRoom = yield* makeWithRoom

    const hasTasks = ({ id }: Loop) =>
      Effect.map(
        store.list({ source: { kind: "loop", id } }, { limit: 1 }),
        ({ total }) => total > 0
      )

    return Effect.fnUntraced(function* (at: number) {
      for (let after: string | undefined; ;) {
        const page = yield* aggregates.list(
          loopAggregate,
          { status: ended },
          { limit: pageCount, after }
        )
        for (const loop of page.states) {
          if (!endedBefore(loop, at) || (yield* hasTasks(loop))) continue
          yield* withRoom(aggregates.remove("loop", [loop.id]))
          removeKeeper(root, { kind: "loop", id: loop.id })
        }
        if (page.next === null) return
        after = page.next
      }
    })
  })
)
