/** Three schedules to begin with, one of each kind. They are created paused: they run nothing until somebody resumes them. */
import type { ScheduleInput } from "@backbeat/contract/operation/scheduleInput"

const weekMs = 7 * 86_400_000

/** The payloads of the examples, made at an instant (epoch ms). One that exists already is returned as it is. */
export const exampleSchedules = (now: number): ReadonlyArray<ScheduleInput> => [
  {
    id: "example-script",
    ifExists: "return",
    paused: true,
    title: "A script every night at half past two",
    cronExpression: "30 2 * * *",
    script: 'echo "it is $(date)"; df -h .'
  },
  {
    id: "example-steps",
    ifExists: "return",
    paused: true,
    title: "Two steps on weekday mornings, missed ones caught up",
    cronExpression: "0 8 * * MON-FRI",
    missedRunPolicy: "catchup",
    steps: ["git fetch --quiet", "git log --oneline --since=yesterday --all"]
  },
  {
    id: "example-once",
    ifExists: "return",
    paused: true,
    title: "One reminder, a week from its creation",
    scheduledAt: new Date(now + weekMs).toISOString(),
    script: 'echo "a week has passed"'
  }
]
