/** Tells those whom a task's specification names: a shell command, a webhook, or both. Never holds the engine up. */
import { describeFailure } from "@backbeat/core/task/Failure"
import type { Task } from "@backbeat/core/task/Task"
import { isFinal } from "@backbeat/core/task/TaskState"
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"
import { homeVariables } from "../home/homeId.ts"
import { Home } from "../home/Home.ts"
import { readEnvironment, type Variables } from "../home/TaskEnvironment.ts"
import { follow } from "../output/follow.ts"
import { restMs } from "../output/Rest.ts"
import type { MonitoredAttempt } from "../attempt/MonitoredAttempts.ts"
import { Transitions } from "../commit/Transitions.ts"
import { makeLanes } from "./lanes.ts"
import { type Notice, runCommand, postWebhook } from "./deliver.ts"

/** Begins to listen to the output of an attempt whose task wants `onLog`; ends with the attempt. */
export class Notifications extends Context.Service<
  Notifications,
  { readonly begin: (task: Task, live: MonitoredAttempt) => Effect.Effect<void> }
>()("@backbeat/engine/Notices") {}

const noticeOf = (task: Task, event: Notice["event"], line: string | null): Notice => {
  const { state } = task
  const outcome = "end" in state ? state.end?.outcome : undefined
  return {
    event,
    taskId: task.id,
    status: state.status,
    attempt: state.attempt,
    exitCode: outcome?.kind === "exited" ? outcome.exitCode : null,
    failure: state.status === "failed" ? describeFailure(state.failure) : null,
    line,
    suppressed: 0
  }
}

const make = Effect.gen(function* () {
  const { root } = yield* Home
  const transitions = yield* Transitions
  const scope = yield* Effect.scope
  const run = Effect.runForkWith(yield* Effect.context<never>())

  const deliver = (task: Task, notice: Notice, env: Variables): Effect.Effect<void> => {
    const { notify, cwd } = task.spec
    const { command, webhook } = notify ?? {}
    return Effect.all(
      [
        ...(command === undefined
          ? []
          : [runCommand(command, notice, { cwd, env: { ...env, ...homeVariables(root) } })]),
        ...(webhook === undefined ? [] : [postWebhook(webhook, notice)])
      ],
      { concurrency: "unbounded", discard: true }
    )
  }

  const tell = (task: Task, event: Notice["event"]) => {
    // Read now: the environment may be forgotten with the end that is told of.
    const env = readEnvironment(root, task) ?? {}
    run(deliver(task, noticeOf(task, event, null), env))
  }

  const tellInTurn = makeLanes(run)
  const tellLine = (task: Task, line: string) =>
    tellInTurn(noticeOf(task, "log", line), () => {
      const env = readEnvironment(root, task) ?? {}
      return (notice) => deliver(task, notice, env)
    })

  /** Who waits for a line that is not looked for any more has to know. */
  const tellOfEnd = (task: Task, message: string) => {
    const failure = `notify.onLog ${message}. It is no longer matched`
    run(
      deliver(task, { ...noticeOf(task, "log", null), failure }, readEnvironment(root, task) ?? {})
    )
    return Effect.annotateLogs(Effect.logWarning(failure), { task: task.id })
  }

  transitions.onCommit((commit) => {
    for (const { task, recorded } of commit) {
      const { notify } = task.spec
      if (notify === null) continue
      if (recorded.event.type === "task.ready" && notify.onReady === true) tell(task, "ready")
      const ended = recorded.event.type !== "task.queued" && isFinal(task.state.status)
      if (ended && notify.onEnd !== false && (notify.onEnd === true || isDefault(notify)))
        tell(task, "end")
    }
  })

  return Notifications.of({
    begin: (task, { attempt, readable, finalizers }) => {
      const pattern = task.spec.notify?.onLog
      if (pattern === undefined) return Effect.void
      // Let go of is not interrupted: what an attempt writes last is what is waited for most.
      const over = Deferred.makeUnsafe<void>()
      finalizers.push(() => void Deferred.doneUnsafe(over, Effect.void))
      const heard = follow({
        attempt,
        ...readable,
        ended: Deferred.await(over),
        grep: pattern,
        restMs
      }).pipe(
        Stream.runForEach((line) => Effect.sync(() => tellLine(task, line.text))),
        Effect.catch(({ message }) => Effect.suspend(() => tellOfEnd(task, message))),
        Effect.catchDefect((defect) =>
          Effect.logError(`the output of ${task.id} is no longer matched`, defect)
        )
      )
      return Effect.asVoid(Effect.forkIn(heard, scope))
    }
  })
})

/** Who names a command or a webhook and no occasion wants to hear of the end. */
const isDefault = (notify: NonNullable<Task["spec"]["notify"]>): boolean =>
  notify.onEnd === undefined && notify.onReady === undefined && notify.onLog === undefined

/** Notifications on the given transitions. */
export const layerNotifications = Layer.effect(Notifications, make)
