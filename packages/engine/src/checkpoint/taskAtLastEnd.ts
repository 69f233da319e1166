/** What a task was when its last attempt ended. The state of one that is to run again, or does, has forgotten it; its history has not. */
import type { Task } from "@backbeat/core/task/Task"
import { lastEnded } from "@backbeat/core/task/TaskState"
import * as Effect from "effect/Effect"
import { makeReplay } from "../attempt/replay.ts"
import { once } from "../wiring/once.ts"

const hasEnded = ({ state }: Task): boolean => lastEnded(state) === state.attempt

/** Finds a task as it was when its last attempt ended; as it is when no attempt has. Made once; fails with StoreError. */
export const makeTaskAtLastEnd = once(
  Effect.map(makeReplay, (replay) =>
    Effect.fnUntraced(function* (now: Task) {
      if (hasEnded(now) || lastEnded(now.state) === 0) return now
      let found = now
      yield* replay(now.id, (task) => {
        if (hasEnded(task)) found = task
      })
      return found
    })
  )
)
