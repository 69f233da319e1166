/** Answers `why`: from the state, and from the history that led to it. */
import { operations, type Output } from "@backbeat/contract/table"
import type { Actor } from "@backbeat/core/task/Actor"
import { describeFailure } from "@backbeat/core/task/Failure"
import type { Task } from "@backbeat/core/task/Task"
import type { RecordedEvent } from "@backbeat/core/task/TaskEvent"
import { TaskStore } from "@backbeat/store/TaskStore"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { Settings } from "../home/Settings.ts"
import { slotsOf } from "../task/slots.ts"
import { handle, toProblem } from "./Call.ts"
import { iso } from "./taskAnswer.ts"
import { View } from "./View.ts"

type Reason = Output<"why">["because"][number]
type Explanation = Omit<Output<"why">, "status">

const nameOf = ({ kind, client, pid, sessionId }: Actor): string => {
  if (kind !== "caller") return kind
  const who = [client, pid === undefined ? undefined : `pid ${pid}`, sessionId === undefined ? undefined : `session ${sessionId}`]
  return `a caller (${who.filter((each) => each !== undefined).join(", ")})`
}

const past = ({ event, at, actor }: RecordedEvent): Reason | null => {
  const reason = (what: string): Reason => ({ what, since: iso(at), actor })
  switch (event.type) {
    case "task.stopping": {
      const why = event.reason === null ? "" : `: ${event.reason}`
      if (event.intent.kind === "fail") return reason(`it is being stopped because it ${describeFailure(event.intent.failure)}`)
      return reason(`${event.intent.kind === "restart" ? "a restart" : "a stop"} was asked for by ${nameOf(actor)}${why}`)
    }
    case "task.retrying":
      return reason(
        event.failure === null ? "the attempt ended, and the restart policy wants another" : `the attempt ${describeFailure(event.failure)}`
      )
    case "task.failed":
      return reason(`it ${describeFailure(event.failure)}`)
    case "task.cancelled":
      return reason(
        event.failure === null
          ? `it was withdrawn by ${nameOf(actor)}${event.reason === null ? "" : `: ${event.reason}`}`
          : `it ${describeFailure(event.failure)}`
      )
    case "task.completed":
      return reason("it ended with a successful exit code")
    case "task.started":
      return reason(`attempt ${event.attempt} was opened`)
    case "task.unhealthy":
      return reason(`its health probe failed: ${event.output}`)
    default:
      return null
  }
}

/** The latest events that explain the status, the deciding one first. */
const reasons = (history: ReadonlyArray<RecordedEvent>): ReadonlyArray<Reason> =>
  history
    .map(past)
    .filter((each) => each !== null)
    .toReversed()
    .slice(0, 5)

interface Circumstances {
  readonly now: number
  readonly busy: number
  readonly slots: number
}

const explainQueued = (task: Task, { now, busy, slots }: Circumstances): Explanation => {
  const { state, spec } = task
  if (state.status !== "queued") return { because: [], next: null }
  const since = iso(state.since)
  if (state.notBefore !== null && state.notBefore > now) {
    const until = iso(state.notBefore)
    return { because: [{ what: `it may not start before ${until}`, since, until }], next: `It starts at ${until}.` }
  }
  const what = `${busy} of ${slots} slots of queue ${spec.queue} are taken, and others are before it`
  return { because: [{ what, since }], next: `It starts when a slot of queue ${spec.queue} is free; priority P0 goes first.` }
}

const nextOf = (task: Task): string | null => {
  const { state } = task
  switch (state.status) {
    case "running":
      if (state.health === "starting") return "It is ready when its probe succeeds."
      return task.spec.timeout === null ? "It runs until it ends." : `It times out at ${iso(state.startedAt + task.spec.timeout)}.`
    case "stopping":
      return `What is still alive gets SIGKILL at ${iso(state.killAt)}.`
    case "retrying":
      return `Attempt ${state.attempt + 1} follows at ${iso(state.retryAt)}.`
    case "failed":
    case "cancelled":
      return "Use restart to run it again."
    default:
      return null
  }
}

/** The handler of `why`. */
export const makeWhyHandler = Effect.gen(function* () {
  const store = yield* TaskStore
  const settings = yield* Settings
  const view = yield* View
  return handle(operations.why, ({ id }) =>
    Effect.gen(function* () {
      const task = yield* view.find(id)
      const { status } = task.state
      if (status === "queued") {
        const circumstances = {
          now: yield* Clock.currentTimeMillis,
          busy: (yield* store.busy)[task.spec.queue] ?? 0,
          slots: slotsOf(settings.current(), task.spec.queue)
        }
        return { status, ...explainQueued(task, circumstances) }
      }
      const history = yield* store.events({ since: 0, taskIds: [id], limit: 10_000 })
      return { status, because: reasons(history), next: nextOf(task) }
    }).pipe(Effect.mapError(toProblem(id)))
  )
})
