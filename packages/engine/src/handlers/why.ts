/** Answers `why` from the state of a task, and from its history. */
import { type Surface, writeHint } from "@backbeat/contract/surface/Surface"
import { CallerSurface, written } from "../call/written.ts"
import { callOf, sentence, type Text, firstOf, flagOf } from "@backbeat/contract/Text"
import * as operations from "@backbeat/contract/operation/read"
import type { Input, Output } from "@backbeat/contract/table"
import { withSpawnTime } from "@backbeat/core/task/decide"
import type { RecordedEvent } from "@backbeat/core/history/RecordedEvent"
import type { Task } from "@backbeat/core/task/Task"
import { limitMs } from "@backbeat/core/task/TaskSpec"
import { endOf, lastAttempt, spawnedAt } from "@backbeat/core/task/TaskState"
import { QueueStore } from "@backbeat/store/QueueStore"
import { History } from "@backbeat/store/History"
import { TaskStore } from "@backbeat/store/TaskStore"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { queueBlockers, type QueueState } from "../queue/QueueBlocker.ts"
import { makeQueueSnapshot } from "../queue/queueSnapshot.ts"
import type { Configuration } from "../configuration/configuration.ts"
import { Home } from "../home/Home.ts"
import { Settings } from "../configuration/Settings.ts"
import { describeWasHeld, type HeldPort } from "../process/heldPort.ts"
import { inspectAttempt } from "../process/inspectAttempt.ts"
import { peakMemoryOf } from "../process/peakMemory.ts"
import { treeOf } from "../attempt/attemptSpec.ts"
import { type MonitoredAttempt, MonitoredAttempts } from "../attempt/MonitoredAttempts.ts"
import { unlimitedQueues } from "../queue/unlimitedQueue.ts"
import { actorName } from "../call/actorName.ts"
import { handle, toProblem } from "../call/Call.ts"
import { iso } from "../view/taskAnswer.ts"
import { View } from "../view/View.ts"
import { makeLoopView } from "../view/LoopView.ts"
import { whyLoop } from "../view/whyLoop.ts"
import { makeWhyPipeline } from "../view/whyPipeline.ts"
import { deniedOf, lastSaid } from "../view/whyAgent.ts"
import { makeWhyBlocked } from "../view/whyBlocked.ts"
import { reasons } from "../view/whyHistory.ts"
import { makeWhyProcesses, sayEnded } from "../view/whyProcesses.ts"
import { makeWhyRunning } from "../view/whyRunning.ts"

type Reason = Output<"why">["because"][number]
interface Explanation extends Omit<Output<"why">, "status" | "next"> {
  readonly next: Text | null
}

/**
 * A timeout that passed while no engine checked it. The end counts, because backbeat did not cause
 * it.
 */
const passedUnseen = ({ state, spec }: Task): ReadonlyArray<Reason> => {
  if (
    spec.timeout === null ||
    (state.status !== "completed" && state.status !== "failed" && state.status !== "retrying")
  )
    return []
  const startedAt = spawnedAt(state)
  const passedMs = startedAt === null ? 0 : Math.round(state.end.endedAt - startedAt - spec.timeout)
  const isLimited = "failure" in state && state.failure !== null && limitMs(state.failure, spec) > 0
  if (passedMs <= 0 || isLimited) return []
  const what = `it ended ${passedMs} ms after its timeout of ${spec.timeout} ms, before an engine checked the timeout`
  return [{ what, since: iso(state.end.endedAt) }]
}

/** The limit of the call, and how many of its tasks run. */
const explainBatch = (
  { state, lineage: { batch } }: Task,
  busy: number,
  surface: Surface
): ReadonlyArray<Reason> => {
  if (state.status !== "queued" || batch === undefined || busy < batch.limit) return []
  const allows = `its call allows ${batch.limit} running ${batch.limit === 1 ? "task" : "tasks"}`
  const running = `${busy} ${busy === 1 ? "is" : "are"} running`
  return [
    {
      what: writeHint(
        firstOf(
          sentence`${allows} (${flagOf("concurrency")}), and ${running}`,
          `${allows}, and ${running}`
        ),
        surface
      ),
      since: iso(state.since)
    }
  ]
}

interface Circumstances {
  /** The limit of the call that started the task (`--concurrency`). */
  readonly batch: ReadonlyArray<Reason>
  readonly now: number
  readonly queue: QueueState
  readonly ahead: number
}

/** Why a queued task does not start: the deciding reason first, then its place in the queue. */
const explainQueued = (task: Task, { now, queue, ahead, batch }: Circumstances): Explanation => {
  const { state, spec } = task
  if (state.status !== "queued") return { because: [], next: null }
  const since = iso(state.since)
  if (state.notBefore !== null && state.notBefore > now) {
    const until = iso(state.notBefore)
    if (state.postponed !== undefined) {
      const { message, times } = state.postponed
      return {
        because: [
          { what: `the system failed to start it (${times} times): ${message}`, since, until }
        ],
        next: `It will be tried again at ${until}.`
      }
    }
    return {
      because: [{ what: `it may not start before ${until}`, since, until }],
      next: `It starts at ${until}.`
    }
  }
  const blockers = queueBlockers(queue, (pause) => actorName(pause.actor))
  const because = blockers.map(({ message, pause }): Reason =>
    pause === null
      ? { what: message, since }
      : { what: message, since: iso(pause.at), actor: pause.actor }
  )
  const [first] = blockers
  if (first === undefined && batch.length > 0)
    return { because: batch, next: "It starts when one of those ends." }
  if (first !== undefined) {
    return {
      because: [
        ...because,
        ...batch,
        { what: `it is number ${ahead + 1} in queue ${spec.queue}`, since }
      ],
      next: first.next
    }
  }
  const what = `it is about to start: queue ${spec.queue} has a free slot`
  return { because: [{ what, since }], next: "It starts at once." }
}

const nextOfRunning = ({ state, spec }: Task): string => {
  const startedAt = spawnedAt(state)
  if (startedAt === null) return "Its command is about to start."
  return spec.timeout === null
    ? "It runs until it ends."
    : `It times out at ${iso(startedAt + spec.timeout)}${spec.timeoutFrom === undefined ? "" : ` (set by ${spec.timeoutFrom})`}.`
}

/** What happens next; `again` says how to run the task again. */
const nextOf = (task: Task, again: Text, now: number): Text | null => {
  const { state } = task
  switch (state.status) {
    case "running":
      if (state.health === "starting") return "It is ready when its probe succeeds."
      return nextOfRunning(task)
    case "stopping":
      return now < state.killAt
        ? `Remaining processes get SIGKILL at ${iso(state.killAt)}.`
        : "Remaining processes have been sent SIGKILL. It ends when they are gone."
    case "retrying":
      return `Attempt ${state.attempt + 1} starts at ${iso(state.retryAt)}.`
    case "failed":
      return state.failure.type === "AgentError" ? state.failure.hint : again
    case "cancelled":
      return again
    default:
      return null
  }
}

/**
 * Facts in the attempt's folder that the store does not have: an end that a full disk keeps from
 * being stored, or that the shim was killed.
 */
const explainAttempt = (root: string, task: Task, now: number): Explanation | null => {
  const attempt = task.state.status === "running" ? inspectAttempt(treeOf(root, task).dir) : null
  if (attempt?.kind === "ended") {
    const { end, endedAt } = attempt.record
    const how = end.kind === "exited" ? `exit code ${end.code}` : end.signal
    return {
      because: [
        {
          what: `its command has ended (${how}), but the end is not stored yet`,
          since: iso(endedAt)
        }
      ],
      next: sentence`The engine retries until the store accepts it. The disk may be full: run ${callOf("doctor")}.`
    }
  }
  if (attempt?.kind !== "alive" || attempt.shimAlive) return null
  const what = "the shim around its command was killed, so no process records how it ends"
  return {
    because: [{ what, since: iso(now) }],
    next: "It fails with Lost when its last process is gone."
  }
}

/** Output that is read with a delay, because the system rejects a watch on it. */
const delayedOutput = (
  live: MonitoredAttempt | null,
  now: number,
  surface: Surface
): ReadonlyArray<Reason> =>
  live?.output.degraded === true
    ? [
        {
          what: writeHint(
            sentence`the system rejects a watch on its output, so the output is read at intervals; run ${callOf("doctor")}`,
            surface
          ),
          since: iso(now)
        }
      ]
    : []

/** Says that the queue of a running task has no limit, although the caller named it. */
const explainUnlimited = (
  configuration: Configuration,
  { state, spec, createdAt }: Task,
  surface: Surface
): ReadonlyArray<Reason> =>
  state.status === "running"
    ? unlimitedQueues(configuration, [spec.queue], surface).map((what) => ({
        what,
        since: iso(createdAt)
      }))
    : []

/** Says that another program used the port of a task that was not ready in this attempt. */
const explainOccupiedPort = (
  held: HeldPort | null,
  history: ReadonlyArray<RecordedEvent>,
  { state }: Task
): ReadonlyArray<Reason> => {
  const startedAt = spawnedAt(state)
  if (held === null || startedAt === null) return []
  const opened = history.findLastIndex(({ event }) => event.type === "task.started")
  const wasReady = history.slice(opened + 1).some(({ event }) => event.type === "task.ready")
  return wasReady ? [] : [{ what: describeWasHeld(held), since: iso(startedAt) }]
}

/** The handler of `why`. */
export const makeWhyHandler = Effect.gen(function* () {
  const store = yield* TaskStore
  const history = yield* History
  const queues = yield* QueueStore
  const queueSnapshot = yield* makeQueueSnapshot
  const view = yield* View
  const monitored = yield* MonitoredAttempts
  const settings = yield* Settings
  const { explainBlocked, explainWithdrawn, explainAgain } = yield* makeWhyBlocked
  const { root } = yield* Home
  const explainProcesses = yield* makeWhyProcesses
  const explainPipeline = yield* makeWhyPipeline
  const { look: lookAtLoop } = yield* makeLoopView
  const explainRunning = yield* makeWhyRunning
  const explainTask = ({ id }: Input<"why">) =>
    Effect.gen(function* () {
      const { task: stored, pipeline } = yield* view.named(id)
      if (stored === null) return yield* explainPipeline(pipeline)
      const task = withSpawnTime(stored, monitored.startedAt(stored))
      const { status } = task.state
      const now = yield* Clock.currentTimeMillis
      const left = yield* explainProcesses(task, now)
      if (status === "queued") {
        const circumstances = {
          now,
          queue: yield* queueSnapshot.stateOf(task.spec.queue),
          ahead: yield* queues.ahead(id, now),
          batch: explainBatch(
            task,
            task.lineage.batch === undefined ? 0 : yield* store.busyOfBatch(task.lineage.batch.id),
            yield* CallerSurface
          )
        }
        const explained = explainQueued(task, circumstances)
        return { status, ...explained, because: [...left, ...explained.because] }
      }
      if (status === "blocked") {
        const explained = yield* explainBlocked(task)
        return { status, ...explained, because: [...explained.because, ...left] }
      }
      const recorded = yield* history.events({ since: 0, taskIds: [id], limit: 10_000 })
      const found = explainAttempt(root, task, now)
      const running = yield* explainRunning(task)
      const peak =
        endOf(task.state) === null
          ? null
          : peakMemoryOf(treeOf(root, task, lastAttempt(task.state)).dir)
      const because = [
        ...(found?.because ?? []),
        ...left,
        ...reasons(recorded, task),
        ...explainOccupiedPort(monitored.heldPort(task), recorded, task),
        ...sayEnded(task),
        ...passedUnseen(task),
        ...(yield* explainWithdrawn(task)),
        ...deniedOf(task),
        ...(yield* lastSaid(root, task)),
        ...delayedOutput(monitored.find(id), now, yield* CallerSurface),
        ...explainUnlimited(settings.current(), task, yield* CallerSurface)
      ]
      return {
        status,
        because,
        ...(running === null ? {} : { running }),
        ...(peak === null ? {} : { peakMemoryBytes: peak }),
        next: found?.next ?? nextOf(task, yield* explainAgain(task), now)
      }
    }).pipe(Effect.mapError(toProblem))

  return handle(operations.why, (input) =>
    lookAtLoop(input.id).pipe(
      Effect.flatMap((loop) =>
        loop === null ? explainTask(input) : Effect.succeed(whyLoop(loop))
      ),
      Effect.flatMap(({ next, ...explained }) =>
        Effect.map(next === null ? Effect.succeed(null) : written(next), (nextText) => ({
          ...explained,
          next: nextText
        }))
      )
    )
  )
})
