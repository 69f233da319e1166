/** Decides what a command does to a loop. The only place where one changes its status. */
import * as Result from "effect/Result"
import { isAccepted } from "./accepts.ts"
import { andThen, endedBy, isBetween } from "./between.ts"
import { ofDuration } from "./goal.ts"
import { type Goal, type Loop, type Step, stepOf } from "./Loop.ts"
import type { IllegalLoopCommand, LoopCommand } from "./LoopCommand.ts"
import type { LoopEvent } from "./LoopEvent.ts"
import { endEvaluation, endIteration, giveUp, refuse, save } from "./report.ts"

type Command<Type extends LoopCommand["type"]> = Extract<LoopCommand, { readonly type: Type }>
type Events = ReadonlyArray<LoopEvent>

/** Whether the engine does something for the loop that must not be left half done. */
const isByEngine = ({ kind }: Step): boolean =>
  kind === "preparing" || kind === "saving" || kind === "settling"

const pause = ({ state }: Loop, { force, reason }: Command<"Pause">): Events => {
  if (state.status === "pausing")
    return force && !state.force ? [{ type: "loop.pausing", force, reason: state.reason }] : []
  if (state.status !== "running") return []
  return [
    isBetween(state.step)
      ? { type: "loop.paused", reason }
      : { type: "loop.pausing", force, reason }
  ]
}

const cancel = ({ state }: Loop, { reason, cancelTasks }: Command<"Cancel">): Events => {
  if (!("step" in state)) return []
  const goal: Goal = { status: "cancelled", reason }
  if (isBetween(state.step) || (!cancelTasks && !isByEngine(state.step))) return [endedBy(goal)]
  return state.status === "stopping" && state.goal.status === "cancelled"
    ? []
    : [{ type: "loop.stopping", goal }]
}

const ring = (loop: Loop, at: number): Events => {
  const { state } = loop
  if (state.status !== "running" && state.status !== "pausing") return []
  const goal = ofDuration(loop, at)
  if (goal !== null && !isBetween(state.step)) return [{ type: "loop.stopping", goal }]
  if (goal !== null) return [endedBy(goal)]
  return state.step.kind === "waiting" && state.step.until <= at
    ? andThen(loop, [{ type: "loop.continued" }], at)
    : []
}

const beginIteration = (loop: Loop, { id }: Command<"BeginIteration">): Events =>
  stepOf(loop)?.kind === "ready"
    ? [{ type: "loop.iteration.started", number: loop.progress.iterations + 1, id }]
    : []

const beginEvaluation = (loop: Loop, { taskId }: Command<"BeginEvaluation">): Events => {
  const step = stepOf(loop)
  return step?.kind === "unevaluated"
    ? [{ type: "loop.evaluation.started", number: step.worked.number, taskId }]
    : []
}

const beginSetup = (loop: Loop, { taskId }: Command<"BeginSetup">): Events => {
  const step = stepOf(loop)
  return step?.kind === "setup" && step.taskId === null
    ? [{ type: "loop.setup.started", taskId }]
    : []
}

const endSetup = (loop: Loop, { taskId, failure }: Command<"EndSetup">, at: number): Events => {
  const step = stepOf(loop)
  if (step?.kind !== "setup" || step.taskId !== taskId) return []
  return failure === null
    ? andThen(loop, [{ type: "loop.setup.completed" }], at)
    : giveUp(loop, { type: "GiveUp", reason: `git.setup ${failure}` }, at)
}

const endPreparing = (loop: Loop, command: Command<"EndPreparing">, at: number): Events => {
  const { path, branch, base } = command
  return stepOf(loop)?.kind === "preparing"
    ? andThen(loop, [{ type: "loop.prepared", path, branch, base }], at)
    : []
}

const settle = (loop: Loop, { head }: Command<"Settle">, at: number): Events => {
  const step = stepOf(loop)
  return step?.kind === "settling" && step.head === head
    ? andThen(loop, [{ type: "loop.settled", head }], at)
    : []
}

/** What callers ask for. */
const byCaller = (command: LoopCommand, loop: Loop): Events | null => {
  switch (command.type) {
    case "Pause":
      return pause(loop, command)
    case "Resume":
      return [{ type: "loop.resumed" }]
    case "Cancel":
      return cancel(loop, command)
    case "Clean":
      return loop.progress.place?.path == null ? [] : [{ type: "loop.cleaned" }]
    default:
      return null
  }
}

/** What the engine reports of tasks that it makes and of what it does itself. */
// oxlint-disable-next-line complexity -- one case for each command
const byEngine = (command: LoopCommand, loop: Loop, at: number): Events => {
  switch (command.type) {
    case "EndPreparing":
      return endPreparing(loop, command, at)
    case "BeginSetup":
      return beginSetup(loop, command)
    case "EndSetup":
      return endSetup(loop, command, at)
    case "BeginIteration":
      return beginIteration(loop, command)
    case "EndIteration":
      return endIteration(loop, command, at)
    case "Save":
      return save(loop, command, at)
    case "BeginEvaluation":
      return beginEvaluation(loop, command)
    case "EndEvaluation":
      return endEvaluation(loop, command, at)
    case "Settle":
      return settle(loop, command, at)
    case "Refuse":
      return refuse(loop, command, at)
    case "GiveUp":
      return giveUp(loop, command, at)
    case "Ring":
      return ring(loop, at)
    default:
      return []
  }
}

/** Decides `command` at an instant (epoch ms). Fails with IllegalLoopCommand when the status does not accept it. */
export const decide = (
  command: LoopCommand,
  loop: Loop,
  at: number
): Result.Result<Events, IllegalLoopCommand> => {
  const { status } = loop.state
  return isAccepted(status, command.type)
    ? Result.succeed(byCaller(command, loop) ?? byEngine(command, loop, at))
    : Result.fail({
        _tag: "IllegalLoopCommand",
        id: loop.id,
        from: status,
        command: command.type
      })
}
