/**
 * Finds a task as it was when its last attempt ended. A task that runs again no longer has this in
 * its state, but in its history.
 */
import type { Task } from "@backbeat/core/task/Task"
import { lastEnded } from "@backbeat/core/task/TaskState"
import * as Effect from "effect/Effect"
import { makeReplay } from "../attempt/replay.ts"
import { once } from "../wiring/once.ts"

const hasEnded = ({ state }: Task): boolean => lastEnded(state) === state.attempt

/**
 * Builds a function that returns a task as it was when its last attempt ended; unchanged if none
 * has ended. Fails with StoreError.
 */
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
