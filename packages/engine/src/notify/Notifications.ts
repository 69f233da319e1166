/**
 * Sends the notifications that a task's specification requests: to a shell command, a webhook, or
 * both. Never delays the engine.
 */
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
import { idleLineMs } from "../output/IdleLines.ts"
import type { MonitoredAttempt } from "../attempt/MonitoredAttempts.ts"
import { Transitions } from "../commit/Transitions.ts"
import { makeLanes } from "./lanes.ts"
import { type Notification, runCommand, postWebhook } from "./deliver.ts"

/** Starts to match the output of an attempt whose task has `onLog`. Stops when the attempt ends. */
export class Notifications extends Context.Service<
  Notifications,
  { readonly begin: (task: Task, live: MonitoredAttempt) => Effect.Effect<void> }
>()("@backbeat/engine/Notifications") {}

const notificationOf = (
  task: Task,
  event: Notification["event"],
  line: string | null
): Notification => {
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

  const deliver = (task: Task, notification: Notification, env: Variables): Effect.Effect<void> => {
    const { notify, cwd } = task.spec
    const { command, webhook } = notify ?? {}
    return Effect.all(
      [
        ...(command === undefined
          ? []
          : [runCommand(command, notification, { cwd, env: { ...env, ...homeVariables(root) } })]),
        ...(webhook === undefined ? [] : [postWebhook(webhook, notification)])
      ],
      { concurrency: "unbounded", discard: true }
    )
  }

  const notifyOf = (task: Task, event: Notification["event"]) => {
    // Read now: the environment may be deleted with the end that is notified.
    const env = readEnvironment(root, task) ?? {}
    run(deliver(task, notificationOf(task, event, null), env))
  }

  const notifyInOrder = makeLanes(run)
  const notifyOfLine = (task: Task, line: string) =>
    notifyInOrder(notificationOf(task, "log", line), () => {
      const env = readEnvironment(root, task) ?? {}
      return (notification) => deliver(task, notification, env)
    })

  /** Notifies that the pattern is no longer matched, because somebody may wait for a line. */
  const notifyOfFailure = (task: Task, message: string) => {
    const failure = `notify.onLog ${message}. It is no longer matched`
    run(
      deliver(
        task,
        { ...notificationOf(task, "log", null), failure },
        readEnvironment(root, task) ?? {}
      )
    )
    return Effect.annotateLogs(Effect.logWarning(failure), { task: task.id })
  }

  transitions.onCommit((commit) => {
    for (const { task, recorded } of commit) {
      const { notify } = task.spec
      if (notify === null) continue
      if (recorded.event.type === "task.ready" && notify.onReady === true) notifyOf(task, "ready")
      const hasEnded = recorded.event.type !== "task.queued" && isFinal(task.state.status)
      if (hasEnded && notify.onEnd !== false && (notify.onEnd === true || isDefault(notify)))
        notifyOf(task, "end")
    }
  })

  return Notifications.of({
    begin: (task, { attempt, readable, finalizers }) => {
      const pattern = task.spec.notify?.onLog
      if (pattern === undefined) return Effect.void
      // Not interrupted at the end: the last lines of an attempt matter most.
      const ended = Deferred.makeUnsafe<void>()
      finalizers.push(() => void Deferred.doneUnsafe(ended, Effect.void))
      const matching = follow({
        attempt,
        ...readable,
        ended: Deferred.await(ended),
        grep: pattern,
        idleLineMs
      }).pipe(
        Stream.runForEach((line) => Effect.sync(() => notifyOfLine(task, line.text))),
        Effect.catch(({ message }) => Effect.suspend(() => notifyOfFailure(task, message))),
        Effect.catchDefect((defect) =>
          Effect.logError(`the output of ${task.id} is no longer matched`, defect)
        )
      )
      return Effect.asVoid(Effect.forkIn(matching, scope))
    }
  })
})

/** A command or webhook without any event is notified of the end. */
const isDefault = (notify: NonNullable<Task["spec"]["notify"]>): boolean =>
  notify.onEnd === undefined && notify.onReady === undefined && notify.onLog === undefined

/** Notifications of the commits of `Transitions`. */
export const layerNotifications = Layer.effect(Notifications, make)
