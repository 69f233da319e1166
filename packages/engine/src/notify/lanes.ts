/**
 * Delivers the line notifications of each task one after the other. A program in an error loop
 * prints thousands of lines a second, and each delivery is a process or a request.
 */
import * as Effect from "effect/Effect"
import type { Notification } from "./deliver.ts"

/** Delivers one notification. */
type Deliver = (notification: Notification) => Effect.Effect<void>

/**
 * Counts the lines that come during a delivery, and delivers the last of them next. Calls `idle`
 * when nothing is left.
 */
const makeLane = (deliver: Deliver, idle: () => void) => {
  let waiting: Notification | null = null
  let suppressed = 0
  const next: Effect.Effect<void> = Effect.suspend(() => {
    if (waiting === null) return Effect.sync(idle)
    const notification = { ...waiting, suppressed }
    waiting = null
    suppressed = 0
    return Effect.andThen(deliver(notification), next)
  })
  return {
    next,
    add: (notification: Notification): void => {
      if (waiting !== null) suppressed++
      waiting = notification
    }
  }
}

/**
 * Builds a function that delivers the notifications of each task in order, never two at the same
 * time.
 */
export const makeLanes = (run: (effect: Effect.Effect<void>) => unknown) => {
  const lanes = new Map<string, ReturnType<typeof makeLane>>()
  /** `begin` returns the delivery function. It is called once for all lines that come together. */
  return (notification: Notification, begin: () => Deliver): void => {
    const { taskId } = notification
    const lane = lanes.get(taskId)
    if (lane !== undefined) return lane.add(notification)
    const newLane = makeLane(begin(), () => lanes.delete(taskId))
    lanes.set(taskId, newLane)
    newLane.add(notification)
    run(newLane.next)
  }
}
