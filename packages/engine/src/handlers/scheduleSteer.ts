/** Answers `schedule pause`, `resume`, `cancel`, `delete` and `trigger`. */
import * as operations from "@backbeat/contract/operation/scheduleSteer"
import { problem } from "@backbeat/contract/Problem"
import type { Input } from "@backbeat/contract/table"
import { scheduleAggregate } from "@backbeat/core/schedule/aggregate"
import type { ScheduleCommand } from "@backbeat/core/schedule/ScheduleCommand"
import type { Run } from "@backbeat/core/schedule/Tick"
import { isFinal } from "@backbeat/core/task/TaskState"
import { AggregateStore } from "@backbeat/store/AggregateStore"
import { TickStore } from "@backbeat/store/TickStore"
import * as Effect from "effect/Effect"
import { actorOf, type Call, handle, type Handler, toProblem } from "../call/Call.ts"
import { Transitions } from "../commit/Transitions.ts"
import { makeWaitUntil } from "../commit/until.ts"
import { makeWithRoom } from "../commit/withRoom.ts"
import { makeOriginOf } from "../creation/originOf.ts"
import { Home } from "../home/Home.ts"
import { clearScheduleEnvironments } from "../home/ScheduleEnvironment.ts"
import { makeChangeSchedule } from "../schedule/changeSchedule.ts"
import { makeFindSchedule } from "../schedule/findSchedule.ts"
import { toScheduleProblem } from "../schedule/problems.ts"
import { makeStopRuns } from "../schedule/stopRuns.ts"
import { makeTrigger } from "../schedule/triggerSchedule.ts"
import { makeScheduleView } from "../view/ScheduleView.ts"
import { makeOrStuck } from "../waiting/orStuck.ts"
import { makeShowEnd, makeShowPipelineEnd } from "../waiting/waiting.ts"

/** Gives a schedule one command; made once. */
const makeCommand = Effect.gen(function* () {
  const transitions = yield* Transitions
  const find = yield* makeFindSchedule
  const change = yield* makeChangeSchedule
  const withRoom = yield* makeWithRoom
  return (id: string, command: ScheduleCommand, call: Call) =>
    withRoom(
      transitions.commit((tx) =>
        Effect.flatMap(find(id), (schedule) => change(tx, schedule, command, actorOf(call)))
      )
    ).pipe(Effect.mapError(toScheduleProblem))
})

const seen = (revision: number | undefined) => (revision === undefined ? {} : { revision })

const makePauseHandler = Effect.gen(function* () {
  const command = yield* makeCommand
  const { show } = yield* makeScheduleView
  return handle(operations.schedulePause, ({ id, reason, revision }, call: Call) =>
    Effect.flatMap(
      command(id, { type: "Pause", reason: reason ?? null, ...seen(revision) }, call),
      (schedule) => Effect.map(show(schedule), (shown) => ({ schedule: shown }))
    )
  )
})

const makeResumeHandler = Effect.gen(function* () {
  const command = yield* makeCommand
  const { show } = yield* makeScheduleView
  return handle(operations.scheduleResume, ({ id, revision }, call: Call) =>
    Effect.flatMap(command(id, { type: "Resume", ...seen(revision) }, call), (schedule) =>
      Effect.map(show(schedule), (shown) => ({ schedule: shown }))
    )
  )
})

const makeCancelHandler = Effect.gen(function* () {
  const transitions = yield* Transitions
  const ticks = yield* TickStore
  const find = yield* makeFindSchedule
  const change = yield* makeChangeSchedule
  const withRoom = yield* makeWithRoom
  const until = yield* makeWaitUntil
  const orStuck = yield* makeOrStuck
  const { stop, tasksOf } = yield* makeStopRuns
  const { show } = yield* makeScheduleView

  const cancelIn = (input: Input<"schedule cancel">, call: Call) =>
    transitions.commit((tx) =>
      Effect.gen(function* () {
        const { id, reason = null, cancelTasks } = input
        const by = actorOf(call)
        const schedule = yield* find(id)
        const runs: ReadonlyArray<Run> =
          cancelTasks === true ? (yield* ticks.running(id)).flatMap(({ run }) => run ?? []) : []
        // The same call, sent again because its connection broke: it has been done.
        const isDone = call.caller.repeated === true && schedule.state.status === "cancelled"
        const cancelled = isDone
          ? schedule
          : yield* change(tx, schedule, { type: "Cancel", reason }, by)
        yield* stop(tx, runs, { by, reason: reason ?? `schedule ${id} was cancelled` })
        return { cancelled, runs }
      })
    )

  return handle(operations.scheduleCancel, (input, call: Call) =>
    Effect.gen(function* () {
      const { cancelled, runs } = yield* withRoom(cancelIn(input, call))
      const tasks = (yield* Effect.forEach(runs, tasksOf)).flat().map(({ id }) => id)
      yield* orStuck(
        tasks,
        Effect.forEach(tasks, (id) => until(id, ({ state }) => isFinal(state.status)), {
          concurrency: "unbounded",
          discard: true
        })
      )
      const stopped = runs.map(({ id }) => id)
      return {
        schedule: yield* show(cancelled),
        ...(stopped.length === 0 ? {} : { stopped })
      }
    }).pipe(Effect.mapError(toScheduleProblem))
  )
})

const makeDeleteHandler = Effect.gen(function* () {
  const { root } = yield* Home
  const transitions = yield* Transitions
  const aggregates = yield* AggregateStore
  const ticks = yield* TickStore
  const find = yield* makeFindSchedule
  const withRoom = yield* makeWithRoom

  const remove = (id: string) =>
    transitions.commit(() =>
      Effect.gen(function* () {
        const { state } = yield* find(id)
        if (state.status === "active" || state.status === "paused")
          return yield* Effect.fail({
            ...problem(
              "IllegalTransition",
              `schedule ${id} is ${state.status}; only a schedule that has ended can be deleted`,
              "",
              { id, from: state.status, command: "Delete" }
            ),
            try: { operation: "schedule cancel", payload: { id } }
          })
        yield* ticks.remove(id)
        yield* aggregates.remove(scheduleAggregate.kind, [id])
      })
    )

  return handle(operations.scheduleDelete, ({ id }) =>
    withRoom(remove(id)).pipe(
      Effect.mapError(toProblem),
      Effect.map(() => {
        clearScheduleEnvironments(root, id, null)
        return { deleted: id }
      })
    )
  )
})

const makeTriggerHandler = Effect.gen(function* () {
  const trigger = yield* makeTrigger
  const originOf = yield* makeOriginOf
  const { ticks } = yield* makeScheduleView
  const showEnd = yield* makeShowEnd
  const showPipelineEnd = yield* makeShowPipelineEnd
  const store = yield* TickStore

  /** Waits for the end of a run; a task is shown. */
  const endOf = Effect.fnUntraced(function* ({ kind, id }: Run, call: Call) {
    if (kind !== "pipeline") return { task: (yield* showEnd(id, call)).task }
    yield* showPipelineEnd(id, call)
    return {}
  })

  return handle(operations.scheduleTrigger, ({ id }, call: Call) =>
    Effect.gen(function* () {
      const made = yield* trigger(id, yield* originOf(call))
      const ended =
        call.flags.wait === true && made.run !== null ? yield* endOf(made.run, call) : {}
      const row = (yield* Effect.mapError(store.find(id, made.key), toProblem)) ?? made
      const [tick] = yield* ticks([row], false)
      if (tick === undefined) return yield* Effect.die(new Error(`no tick ${made.key} of ${id}`))
      return { tick, ...ended }
    })
  )
})

/** The handlers that pause, resume, end and trigger schedules. */
export const makeScheduleSteerHandlers = Effect.map(
  Effect.all([
    makePauseHandler,
    makeResumeHandler,
    makeCancelHandler,
    makeDeleteHandler,
    makeTriggerHandler
  ]),
  (handlers): ReadonlyArray<Handler> => handlers
)
