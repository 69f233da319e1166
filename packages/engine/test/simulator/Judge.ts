/** Holds what the engine commits and answers against what truly happened. Each flaw is one line. */
import type { AttemptEnd } from "@backbeat/core/task/AttemptEnd"
import type { Task } from "@backbeat/core/task/Task"
import { endOf, isFinal, type TaskState } from "@backbeat/core/task/TaskState"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { type End, suits } from "../oracle/GraphModel.ts"
import { flawByOracle, flawOfLimit, flawOfOutcome, flawOfTimes } from "./judgeEnd.ts"
import type { Change } from "./DurableStores.ts"
import type { Run } from "./Truth.ts"
import type { Answered, World } from "./World.ts"

/** How long after its record an end must be known to an engine that serves (ms). */
const knownWithinMs = 3000

const decodeProblem = Schema.decodeUnknownOption(
  Schema.fromJsonString(
    Schema.Struct({ error: Schema.Struct({ type: Schema.String, message: Schema.String }) })
  )
)
const decodeTask = Schema.decodeUnknownOption(
  Schema.fromJsonString(
    Schema.Struct({
      data: Schema.Struct({
        task: Schema.Struct({ id: Schema.String, status: Schema.String })
      })
    })
  )
)

/** How a task has ended, as those see it that depend on it; null when it has not. */
const endIn = (state: TaskState): End | null => {
  if (state.status === "completed") return "success"
  if (state.status === "failed") return "failure"
  if (state.status !== "cancelled") return null
  return state.failure === null ? "stopped" : "withdrawn"
}

/** Operations that are answered when a task has ended. */
const endings = new Set(["stop", "wait"])
const finals = new Set(["cancelled", "completed", "failed"])

/** The judge of one history. */
export class Judge {
  readonly flaws: Array<string> = []
  /** Tasks whose folder has lost something. */
  readonly damaged = new Set<string>()
  /** Tasks that somebody has asked to restart, and when last (monotonic ms). */
  readonly restarted = new Map<string, number>()
  /** Whether somebody has set the wall clock: then instants tell no lengths. */
  wasWallSet = false
  readonly #world: World

  constructor(world: World) {
    this.#world = world
    world.stores.onCommit = (changes) => {
      for (const change of changes) this.#judgeChange(change)
    }
    world.truth.onBegin = (run) => this.#judgeBegin(run)
  }

  note(flaw: string): void {
    this.#world.log(`FLAW: ${flaw}`)
    this.flaws.push(flaw)
  }

  #latest(id: string, attempt: number): Run | null {
    return (
      this.#world.truth
        .of(id, attempt)
        .findLast(({ begunMs, end }) => begunMs !== null || end !== null) ?? null
    )
  }

  /** A command begins: nothing else of its task lives, and nobody was told before that it never would. */
  #judgeBegin(run: Run): void {
    const { stores, truth } = this.#world
    const { attempt, id } = run
    const others = truth.of(id, attempt).filter((each) => each !== run && each.begunMs !== null)
    const isDamaged = this.damaged.has(id)
    if (others.some(({ endedMs }) => !isDamaged || endedMs === null))
      this.note(`${id}: two copies of attempt ${attempt}`)
    const earlier = truth.alive(id).filter((each) => each.attempt < attempt)
    if (earlier.length > 0)
      this.note(`${id}: attempt ${attempt} begins beside ${JSON.stringify(earlier)}`)
    const task = stores.memory.entries.get(id)?.task
    if (task === undefined) return this.note(`${id}: attempt ${attempt} begins and is not known`)
    const { state } = task
    if (isFinal(state.status) && !isDamaged)
      this.note(`${id}: attempt ${attempt} begins though the task is ${state.status}`)
    this.#judgeOrder(task)
  }

  #judgeOrder({ id, spec, state }: Task): void {
    if (state.attempt > 1) return
    for (const { on, task } of spec.dependsOn) {
      const its = this.#world.stores.memory.entries.get(task)?.task.state
      if (its === undefined || this.restarted.has(task)) continue
      const end = endIn(its)
      if (end === null || !suits(on, end))
        this.note(`${id} begins, but ${task}, needed for ${on}, is ${its.status}`)
    }
  }

  #judgeChange({ after, before }: Change): void {
    if (after === null) return before === null ? undefined : this.#judgeRemoval(before)
    this.#world.log(`commit ${after.id} ${after.state.status} ${after.state.attempt}`)
    this.#judgeTransition(before, after)
    const end = endOf(after.state)
    if (end !== null && end !== (before === null ? null : endOf(before.state)))
      this.#judgeEnd(after, end)
    if (isFinal(after.state.status)) this.#judgeLife(after)
    if (after.state.status === "stopping" && before?.state.status === "running")
      this.#judgeLimit(after)
  }

  #judgeRemoval({ id, state }: Task): void {
    if (!isFinal(state.status)) this.note(`${id} is removed while it is ${state.status}`)
    const left = this.#world.truth.alive(id)
    if (left.length > 0) this.note(`${id} is removed while ${JSON.stringify(left)} live`)
  }

  #judgeTransition(before: Task | null, after: Task): void {
    const { id, spec, state } = after
    if (before === null) return
    const isAsked = this.restarted.has(id)
    if (isFinal(before.state.status) && !isFinal(state.status) && !isAsked)
      this.note(`${id} goes from ${before.state.status} to ${state.status}, and nobody asked`)
    const most = spec.restart.when === "never" ? 1 : spec.restart.maxAttempts
    if (state.tries > most) this.note(`${id} has try ${state.tries} of ${most}`)
    if (state.attempt > before.state.attempt + 1 || state.attempt < before.state.attempt)
      this.note(`${id} goes from attempt ${before.state.attempt} to ${state.attempt}`)
  }

  #judgeEnd(task: Task, end: AttemptEnd): void {
    const { id, state } = task
    const run = this.#latest(id, state.attempt)
    const isDamaged = this.damaged.has(id)
    const about = `${id}: attempt ${state.attempt}`
    const flaw = flawOfOutcome(task, end, run, isDamaged)
    if (flaw !== null) this.note(`${about} ${flaw}`)
    // An engine that is held up between the spawn and its look at the clock tells that a little late.
    const isExact = !this.wasWallSet && this.#world.weather.unfairness === 0
    const isOfRun = end.outcome.kind === "exited" || end.outcome.kind === "signalled"
    const late =
      run !== null && isExact && isOfRun && !isDamaged ? flawOfTimes(task, end, run) : null
    if (late !== null) this.note(`${about} ${late}`)
  }

  /** Nothing of a cancelled task lives, nor the command of one that has ended. */
  #judgeLife({ id, state }: Task): void {
    const alive = this.#world.truth.alive(id)
    const failure = state.status === "failed" ? state.failure.type : null
    const isWhole =
      state.status === "cancelled" ||
      failure === "Lost" ||
      failure === "NotSpawned" ||
      failure === "TimedOut"
    const command = this.#latest(id, state.attempt)?.command
    const left = alive.filter(
      ({ attempt, pid }) =>
        pid === command?.pid ||
        (isWhole && (state.status === "cancelled" || attempt === state.attempt))
    )
    if (left.length > 0)
      this.note(`${id} is ${failure ?? state.status} while ${JSON.stringify(left)} live`)
  }

  #judgeLimit(task: Task): void {
    const { id, state } = task
    if (state.status !== "stopping" || state.intent.kind !== "fail") return
    if (this.damaged.has(id) || this.wasWallSet) return
    const { kernel, truth } = this.#world
    const run = truth.of(id, state.attempt).at(-1)
    const flaw = flawOfLimit(task, state.intent.failure, run, kernel.steadyMs)
    if (flaw !== null) this.note(`${id}: attempt ${state.attempt} ${flaw}`)
  }

  /** What is answered is so. */
  judgeAnswer({ askedMs, operation, text }: Answered): void {
    const problem = Option.getOrNull(decodeProblem(text))?.error ?? null
    // A machine that is short of something may say so in any call.
    if (problem?.type === "InternalError" && !/EMFILE|ENOSPC/u.test(problem.message))
      this.note(`${operation} is answered with ${problem.type}: ${problem.message}`)
    if (problem === null && endings.has(operation)) this.#judgeEnding(operation, text, askedMs)
  }

  #judgeEnding(operation: string, text: string, askedMs: number): void {
    const task = Option.getOrNull(decodeTask(text))?.data.task ?? null
    if (task === null) return
    const isRestarted = (this.restarted.get(task.id) ?? 0) >= askedMs
    if (!finals.has(task.status) && !isRestarted)
      this.note(`${operation} of ${task.id} is answered while it is ${task.status}`)
  }

  /** What has ended is known soon, while an engine serves without a break. */
  judgeRunning(): void {
    const { disk, kernel, servesSinceMs, stores, weather } = this.#world
    if (servesSinceMs === null || disk.isFull || weather.descriptorsLeft > 0) return
    const sinceMs = Math.max(servesSinceMs, this.#world.troubledMs)
    for (const { task } of stores.memory.entries.values()) {
      const { state, id } = task
      if (state.status !== "running" || this.damaged.has(id)) continue
      const endedMs = this.#latest(id, state.attempt)?.recordedMs ?? null
      if (endedMs === null || kernel.steadyMs - Math.max(endedMs, sinceMs) < knownWithinMs) continue
      this.note(`${id} is running, but attempt ${state.attempt} ended long ago`)
    }
  }

  /** Everything has come to an end, and every call was answered. */
  judgeRest(): void {
    const { openCalls, stores, truth } = this.#world
    for (const { task } of stores.memory.entries.values()) {
      const { id, state } = task
      if (!isFinal(state.status)) this.note(`${id} does not end: it is ${state.status}`)
      const left = truth.alive(id)
      if (left.length > 0) this.note(`${id} was stopped, and ${JSON.stringify(left)} live`)
      this.#judgeWithdrawal(task)
      const flaw =
        this.damaged.has(id) || this.wasWallSet
          ? null
          : flawByOracle(
              task,
              truth.runs.filter((run) => run.id === id)
            )
      if (flaw !== null) this.note(`${id}: ${flaw}`)
    }
    for (const { operation, payload } of openCalls)
      this.note(`${operation} ${payload ?? ""} is never answered`)
  }

  #judgeWithdrawal({ id, spec, state }: Task): void {
    if (state.status !== "cancelled" || state.failure?.type !== "DependencyFailed") return
    const ends = spec.dependsOn.map(({ on, task }) => {
      const its = this.#world.stores.memory.entries.get(task)?.task.state
      if (its === undefined || this.restarted.has(task)) return true
      const end = endIn(its)
      return end === null || !suits(on, end)
    })
    if (!ends.includes(true)) this.note(`${id} is withdrawn, but all that it needs has come`)
  }
}
