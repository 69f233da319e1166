import { describe, expect, test } from "bun:test"
import { decide, withSpawnTime } from "@backbeat/core/task/decide"
import type { AttemptEnd } from "@backbeat/core/task/AttemptEnd"
import { evolve } from "@backbeat/core/task/evolve"
import { Task } from "@backbeat/core/task/Task"
import type { TaskCommand } from "@backbeat/core/task/TaskCommand"
import { TaskEvent } from "@backbeat/core/task/TaskEvent"
import { endOf as endOfState, isFinal, statuses } from "@backbeat/core/task/TaskState"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as fc from "fast-check"
import * as scenario from "./scenario.ts"

const specs = fc
  .record({
    when: fc.constantFrom("never" as const, "on-failure" as const, "always" as const),
    maxAttempts: fc.integer({ min: 1, max: 4 }),
    resetAfterMs: fc.constantFrom(0, 40),
    probed: fc.boolean(),
    notBefore: fc.option(fc.integer({ min: 0, max: 300 }))
  })
  .map(({ when, maxAttempts, resetAfterMs, probed, notBefore }) =>
    scenario.specOf({
      notBefore,
      restart: { ...scenario.twiceAgain, when, maxAttempts, resetAfterMs },
      readyWhen: probed ? { log: "up" } : null
    })
  )

const outcomes = fc.oneof(
  fc.constantFrom(0, 0, 1, 143).map((exitCode) => ({ kind: "exited", exitCode }) as const),
  fc.constant({ kind: "signalled", signal: "SIGKILL" } as const),
  fc.constant({ kind: "notSpawned", message: "no such file" } as const),
  fc.constant({ kind: "lost", evidence: "no record" } as const)
)

/**
 * Commands that are mostly accepted, so that histories become long. The time of an end is filled in
 * later.
 */
const commands = fc.oneof(
  { weight: 6, arbitrary: fc.constant<TaskCommand>(scenario.open) },
  {
    weight: 5,
    arbitrary: outcomes.map((outcome): TaskCommand => scenario.end(scenario.endAt(0, outcome)))
  },
  { weight: 3, arbitrary: fc.constant<TaskCommand>(scenario.retry) },
  { weight: 1, arbitrary: fc.constant<TaskCommand>(scenario.limit) },
  {
    weight: 2,
    arbitrary: fc.tuple(fc.nat(50), fc.boolean()).map(([graceMs, leftover]): TaskCommand => ({
      type: "Stop",
      reason: null,
      signal: "SIGTERM",
      graceMs,
      leftover
    }))
  },
  {
    weight: 2,
    arbitrary: fc
      .tuple(fc.option(specs), fc.boolean())
      .map(([spec, held]): TaskCommand => ({ type: "Restart", reason: null, spec, blocked: held }))
  },
  { weight: 1, arbitrary: fc.constant<TaskCommand>({ type: "ReportReady" }) },
  {
    weight: 1,
    arbitrary: fc.constant<TaskCommand>({ type: "ReportUnhealthy", output: "refused" })
  },
  {
    weight: 1,
    arbitrary: fc
      .boolean()
      .map((claimed): TaskCommand => ({ type: "Postpone", message: "EMFILE", claimed }))
  },
  { weight: 2, arbitrary: fc.constant<TaskCommand>(scenario.release) },
  {
    weight: 1,
    arbitrary: fc.boolean().map((leftover): TaskCommand => ({
      type: "Withdraw",
      failure: { type: "DependencyFailed", taskId: "base" },
      leftover
    }))
  }
)

interface Move {
  readonly command: TaskCommand
  readonly before: Task
  readonly after: Task
  readonly at: number
  readonly events: ReadonlyArray<TaskEvent>
}

interface History {
  readonly first: Task
  readonly moves: ReadonlyArray<Move>
  readonly last: Task
}

const actorOf = (at: number) => ({ kind: "caller", client: `at ${at}` }) as const

/** The command with its time filled in. */
const timed = (given: TaskCommand, { state }: Task, at: number): TaskCommand => {
  if (given.type === "End") return scenario.end({ ...given.end, endedAt: at })
  if (given.type !== "Limit" || state.status !== "running") return given
  return { ...given, elapsedMs: at - (state.spawnedAt ?? state.startedAt) }
}

/**
 * The life of a task. A command comes every 0 to 60 ms, and a rejected one changes nothing. Some
 * attempts are known to have been spawned 0 to 60 ms before.
 */
const histories: fc.Arbitrary<History> = fc
  .tuple(
    specs,
    fc.boolean(),
    fc.array(fc.tuple(commands, fc.nat(60), fc.boolean()), { maxLength: 120, size: "max" })
  )
  .map(([spec, blocked, steps]) => {
    const first = scenario.creation(spec, blocked).task
    const moves: Array<Move> = []
    let task = first
    let at = 0
    for (const [given, afterMs, isKnown] of steps) {
      const spawnedAt = isKnown ? at + Math.floor(afterMs / 2) : null
      at += afterMs
      const known = withSpawnTime(task, spawnedAt)
      const command = timed(given, known, at)
      const decided = decide(command, known, at)
      if (Result.isFailure(decided) || decided.success.length === 0) continue
      const occasion = { at, actor: actorOf(at) }
      const after = decided.success.reduce((state, event) => evolve(state, event, occasion), known)
      moves.push({ command, before: task, after, at, events: decided.success })
      task = after
    }
    return { first, moves, last: task }
  })

const endOf = ({ state }: Task): AttemptEnd | null => endOfState(state)
/** The end that an End command records: the earlier one if only leftover processes were stopped. */
const endBy = (end: AttemptEnd, { state }: Task): AttemptEnd | null =>
  state.status === "stopping" && state.ended !== undefined ? state.ended : end
const isLive = ({ state }: Task): boolean =>
  state.status === "running" || state.status === "stopping"
const always = (check: (history: History) => void): void =>
  fc.assert(fc.property(histories, check), { numRuns: 1000 })

describe("every history of a task", () => {
  test("leaves a final status by a restart only", () => {
    always(({ moves }) => {
      for (const { command, before, after } of moves) {
        if (isFinal(before.state.status)) {
          expect([command.type, after.state.status]).toEqual([
            "Restart",
            after.state.status === "blocked" ? "blocked" : "queued"
          ])
        }
      }
    })
  })

  test("numbers attempts 1, 2, 3 and so on, repeats a number only if it was never claimed, and counts restarts", () => {
    always(({ moves, last }) => {
      let opened = 0
      let isUnused = false
      for (const { command, after } of moves) {
        if (command.type === "Postpone")
          isUnused = !command.claimed && after.state.status === "queued"
        if (command.type !== "Open") continue
        expect(after.state.attempt).toBe(isUnused ? opened : opened + 1)
        opened = after.state.attempt
        isUnused = false
      }
      expect(last.restartCount).toBe(Math.max(0, opened - 1))
    })
  })

  test("never decreases the number of the attempt", () => {
    always(({ moves }) => {
      for (const { before, after } of moves) {
        expect(after.state.attempt).toBeGreaterThanOrEqual(before.state.attempt)
      }
    })
  })

  test("starts no attempt while another is live", () => {
    always(({ moves }) => {
      for (const { before, events } of moves) {
        if (events.some(({ type }) => type === "task.started")) expect(isLive(before)).toBe(false)
      }
    })
  })

  test("fails by a limit only after an attempt that lasted that long", () => {
    always(({ moves }) => {
      for (const { before, after } of moves) {
        if (
          !isLive(before) ||
          !("failure" in after.state) ||
          after.state.failure?.type !== "TimedOut"
        )
          continue
        const { end, spawnedAt, startedAt } = after.state
        expect((end?.endedAt ?? 0) - (spawnedAt ?? startedAt ?? 0)).toBeGreaterThanOrEqual(
          after.state.failure.timeout
        )
      }
    })
  })

  test("ends an attempt only by its end, or because it could not be started", () => {
    always(({ moves }) => {
      for (const { command, before, after } of moves) {
        if (isLive(before) && !isLive(after)) expect(command.type).toBeOneOf(["End", "Postpone"])
      }
    })
  })

  test("has the end of each attempt in its events", () => {
    always(({ moves }) => {
      for (const { command, before, events } of moves) {
        if (command.type === "End")
          expect(events.map((event) => ("end" in event ? event.end : null))).toEqual([
            endBy(command.end, before)
          ])
      }
    })
  })

  test("keeps the facts of the last end until another attempt is queued or blocked", () => {
    always(({ moves }) => {
      for (const { command, before, after } of moves) {
        const kept = command.type === "End" ? endBy(command.end, before) : endOf(before)
        if (!["queued", "blocked"].includes(after.state.status) && kept !== null)
          expect(endOf(after)).toEqual(kept)
      }
    })
  })

  test("starts no attempt between a caller's stop and a restart", () => {
    always(({ moves }) => {
      let stopped = false
      for (const { command } of moves) {
        if (command.type === "Stop") stopped = true
        if (command.type === "Restart") stopped = false
        if (command.type === "Open") expect(stopped).toBe(false)
      }
    })
  })

  test("starts no more than maxAttempts in a row unless an attempt lasted resetAfterMs", () => {
    always(({ moves }) => {
      for (const { after } of moves) {
        if (after.state.status === "running")
          expect(after.state.tries).toBeLessThanOrEqual(after.spec.restart.maxAttempts)
      }
    })
  })

  test("never delays SIGKILL", () => {
    always(({ moves }) => {
      for (const { before, after } of moves) {
        if (before.state.status === "stopping" && after.state.status === "stopping") {
          expect(after.state.killAt).toBeLessThanOrEqual(before.state.killAt)
        }
      }
    })
  })

  test("has health only while a probed attempt runs", () => {
    always(({ moves }) => {
      for (const { after } of moves) {
        if (after.state.status === "running" && after.spec.readyWhen === null)
          expect(after.state.health).toBeNull()
      }
    })
  })

  test("gives the same task when its events are applied from scratch, read back from JSON", () => {
    const toEvent = Schema.decodeUnknownSync(TaskEvent)
    const toTask = Schema.decodeUnknownSync(Task)
    always(({ first, moves, last }) => {
      const replayed = moves
        .flatMap(({ events, at }) =>
          events.map((event) => ({ event: toEvent(JSON.parse(JSON.stringify(event))), at }))
        )
        .reduce((task, { event, at }) => evolve(task, event, { at, actor: actorOf(at) }), first)
      expect(replayed).toEqual(last)
      expect(toTask(JSON.parse(JSON.stringify(last)))).toEqual(last)
    })
  })
})

describe("the histories of these properties", () => {
  test("reach every status", () => {
    const reached = new Set<string>()
    for (const { moves } of fc.sample(histories, { numRuns: 1000, seed: 1 })) {
      for (const { after } of moves) reached.add(after.state.status)
    }
    expect([...reached].toSorted()).toEqual([...statuses].toSorted())
  })
})
