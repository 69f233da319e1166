/** Notifications of lines: for each task one delivery after the other. An error loop prints thousands of lines a second, and each delivery is a process or a request. */
import * as Effect from "effect/Effect"
import type { Notice } from "./deliver.ts"

/** Delivers one notice. */
type Deliver = (notice: Notice) => Effect.Effect<void>

/** What comes during a delivery is counted, and the last of it is delivered next. `idle` is called when nothing is left. */
const makeLane = (deliver: Deliver, idle: () => void) => {
  let waiting: Notice | null = null
  let suppressed = 0
  const next: Effect.Effect<void> = Effect.suspend(() => {
    if (waiting === null) return Effect.sync(idle)
    const notice = { ...waiting, suppressed }
    waiting = null
    suppressed = 0
    return Effect.andThen(deliver(notice), next)
  })
  return {
    next,
    add: (notice: Notice): void => {
      if (waiting !== null) suppressed++
      waiting = notice
    }
  }
}

/** Tells the notices of each task in their order, never two at a time. */
export const makeLanes = (run: (effect: Effect.Effect<void>) => unknown) => {
  const lanes = new Map<string, ReturnType<typeof makeLane>>()
  /** `begin` gives how to deliver, and is asked once for all that comes together. */
  return (notice: Notice, begin: () => Deliver): void => {
    const { taskId } = notice
    const lane = lanes.get(taskId)
    if (lane !== undefined) return lane.add(notice)
    const begun = makeLane(begin(), () => lanes.delete(taskId))
    lanes.set(taskId, begun)
    begun.add(notice)
    run(begun.next)
  }
}
