/** Answers `why`: from the state, and from the history that led to it. */
import { operations, type Output } from "@backbeat/contract/table"
import type { Actor } from "@backbeat/core/task/Actor"
import { describeFailure } from "@backbeat/core/task/Failure"
import type { Task } from "@backbeat/core/task/Task"
import type { RecordedEvent, TaskEvent } from "@backbeat/core/task/TaskEvent"
import { isFinal } from "@backbeat/core/task/TaskState"
import { TaskStore } from "@backbeat/store/TaskStore"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { Home } from "../home/Home.ts"
import { Settings } from "../home/Settings.ts"
import { isHeld } from "../process/AliveFifo.ts"
import { treeOf } from "../task/attemptSpec.ts"
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

const withReason = (sentence: string, reason: string | null): string => (reason === null ? sentence : `${sentence}: ${reason}`)

const sayStopping = (event: Extract<TaskEvent, { readonly type: "task.stopping" }>, actor: Actor): string => {
  if (event.intent.kind === "fail") return `it is being stopped because it ${describeFailure(event.intent.failure)}`
  const what = event.intent.kind === "restart" ? "a restart" : "a stop"
  return withReason(`${what} was asked for by ${nameOf(actor)}`, event.reason)
}

/** What an event explains, as one clause; null when it explains nothing. */
const say = ({ event, actor }: RecordedEvent): string | null => {
  switch (event.type) {
    case "task.stopping":
      return sayStopping(event, actor)
    case "task.retrying":
      return event.failure === null
        ? "the attempt ended, and the restart policy wants another"
        : `the attempt ${describeFailure(event.failure)}`
    case "task.failed":
      return `it ${describeFailure(event.failure)}`
    case "task.cancelled":
      return event.failure === null
        ? withReason(`it was withdrawn by ${nameOf(actor)}`, event.reason)
        : `it ${describeFailure(event.failure)}`
    case "task.completed":
      return "it ended with a successful exit code"
    case "task.started":
      return `attempt ${event.attempt} was opened`
    case "task.unhealthy":
      return `its health probe failed: ${event.output}`
    default:
      return null
  }
}

const past = (recorded: RecordedEvent): Reason | null => {
  const what = say(recorded)
  return what === null ? null : { what, since: iso(recorded.at), actor: recorded.actor }
}

/** Once nothing of a stopped task is left it is the engine that cancels it: for whoever had asked for the stop. */
const attributed = (history: ReadonlyArray<RecordedEvent>, { state }: Task): ReadonlyArray<RecordedEvent> => {
  const last = history.at(-1)
  return state.status === "cancelled" && last?.event.type === "task.cancelled"
    ? [...history.slice(0, -1), { ...last, actor: state.by }]
    : history
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
  const what =
    busy < slots
      ? `it is about to start: queue ${spec.queue} has a free slot`
      : `${busy} of ${slots} slots of queue ${spec.queue} are taken`
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

/** What an ended task has left running; only processes that kept its descriptor are seen here. */
const leftOf = (root: string, task: Task): ReadonlyArray<Reason> => {
  const end = "end" in task.state ? task.state.end : null
  if (end === null || !isHeld(treeOf(root, task).dir)) return []
  return [{ what: "processes that it started still run; stop ends them", since: iso(end.endedAt) }]
}

/** The handler of `why`. */
export const makeWhyHandler = Effect.gen(function* () {
  const store = yield* TaskStore
  const settings = yield* Settings
  const view = yield* View
  const { root } = yield* Home
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
      const left = isFinal(status) ? leftOf(root, task) : []
      return { status, because: [...left, ...reasons(attributed(history, task))], next: nextOf(task) }
    }).pipe(Effect.mapError(toProblem(id)))
  )
})
