/** What callers are told of schedules that are missing, or that do not accept what is asked. */
import { nearest } from "@backbeat/contract/nearest"
import { type Problem, problem, withTry } from "@backbeat/contract/Problem"
import { callOf, sentence } from "@backbeat/contract/Text"
import type { ScheduleRefusal } from "@backbeat/core/schedule/decide"
import type { HandlerError } from "../call/Call.ts"
import { toProblem } from "../call/Call.ts"

/** No schedule has this id; `known` are ids that it may be meant for. */
export const scheduleNotFound = (id: string, known: ReadonlyArray<string>): Problem => {
  const near = nearest(id, known)
  return withTry(
    problem(
      "ScheduleNotFound",
      `schedule not found: ${id}`,
      near === null
        ? sentence`Run ${callOf("schedule list")} to see the schedules.`
        : `Did you mean ${near}?`,
      { id, nearest: near }
    ),
    "schedule list",
    {}
  )
}

const hints: Readonly<Record<string, string>> = {
  cancelled: "It has ended. Create it again under the same id, or delete it.",
  completed: "It has ended. Update it with a time to come, create it again, or delete it.",
  expired: "It has expired. Update expiresAt, create it again, or delete it.",
  paused: "It is paused. Resume it first.",
  active: "Pause or cancel it first."
}

/** The status does not accept the command, or the revision is another one. */
export const refusedSchedule = ({
  id,
  reason,
  status,
  revision,
  command
}: ScheduleRefusal): Problem =>
  reason === "revision"
    ? withTry(
        problem(
          "RevisionConflict",
          `schedule ${id} has revision ${revision} now`,
          "Look at what has changed, then send the change again with that revision.",
          { id, revision }
        ),
        "schedule get",
        { id }
      )
    : problem(
        "IllegalTransition",
        `schedule ${id} is ${status} and does not accept ${command.toLowerCase()}`,
        hints[status] ?? sentence`Run ${callOf("schedule get")} to see its state.`,
        { id, from: status, command }
      )

/** What the caller is told. */
export const toScheduleProblem = (trouble: HandlerError | ScheduleRefusal): Problem =>
  trouble._tag === "ScheduleRefusal" ? refusedSchedule(trouble) : toProblem(trouble)
