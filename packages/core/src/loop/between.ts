/** What becomes of a loop between two iterations: it ends, it is paused, or the next one follows. */
import { engine } from "../history/Actor.ts"
import { evolve } from "./evolve.ts"
import { goalOf } from "./goal.ts"
import type { Goal, Loop, Step } from "./Loop.ts"
import type { LoopEvent } from "./LoopEvent.ts"

/** Whether nothing of the loop is under way in this step. */
export const isBetween = (step: Step): boolean => {
  switch (step.kind) {
    case "ready":
    case "waiting":
      return true
    case "setup":
      return step.taskId === null
    case "unevaluated":
      return step.worked.id === null && step.worked.evaluationIds.length === 0
    default:
      return false
  }
}

/** The event that an end is. */
export const endedBy = ({ status, reason }: Goal): LoopEvent => ({
  type: `loop.${status}`,
  reason
})

/** The loop after these events. */
export const after = (loop: Loop, events: ReadonlyArray<LoopEvent>, at: number): Loop =>
  events.reduce((each, event) => evolve(each, event, { at, actor: engine }), loop)

/** The events, and what follows from them when nothing of the loop is under way behind them. */
export const andThen = (
  loop: Loop,
  events: ReadonlyArray<LoopEvent>,
  at: number
): ReadonlyArray<LoopEvent> => {
  const next = after(loop, events, at)
  const { state } = next
  if (!("step" in state) || !isBetween(state.step)) return events
  if (state.status === "stopping") return [...events, endedBy(state.goal)]
  if (state.status === "paused") return events
  const goal = goalOf(next, at)
  if (goal !== null) return [...events, endedBy(goal)]
  return state.status === "pausing"
    ? [...events, { type: "loop.paused", reason: state.reason }]
    : events
}
