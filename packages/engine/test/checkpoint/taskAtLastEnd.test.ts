import type { AttemptEnd } from "@backbeat/core/task/AttemptEnd"
import { engine } from "@backbeat/core/history/Actor"
import { decide } from "@backbeat/core/task/decide"
import { created, evolve } from "@backbeat/core/task/evolve"
import type { Task } from "@backbeat/core/task/Task"
import type { TaskCommand } from "@backbeat/core/task/TaskCommand"
import type { TaskStatus } from "@backbeat/core/task/TaskState"
import { noLineage } from "@backbeat/core/task/TaskSpec"
import { layerMemory } from "@backbeat/store/memory/layerMemory"
import { TaskStore } from "@backbeat/store/TaskStore"
import { describe, expect, test } from "bun:test"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import { makeTaskAtLastEnd } from "../../src/checkpoint/taskAtLastEnd.ts"
import { owner, plainSpec } from "../plainSpec.ts"
import { layerInstances } from "../../src/wiring/once.ts"

const open: TaskCommand = { type: "Open" }
const restart: TaskCommand = { type: "Restart", reason: null, spec: null }
const endOf = (exitCode: number): AttemptEnd => ({
  outcome: { kind: "exited", exitCode },
  endedAt: exitCode,
  cpuMs: null
})
const end = (exitCode: number): TaskCommand => ({ type: "End", end: endOf(exitCode) })
const once = [open, end(0)]

/** The attempt, status and exit code that are found after these commands. */
const found = (commands: ReadonlyArray<TaskCommand>) =>
  Effect.runPromise(
    Effect.gen(function* () {
      const store = yield* TaskStore
      const taskAtLastEnd = yield* makeTaskAtLastEnd
      const change = (task: Task, events: Parameters<typeof evolve>[1][]) =>
        store.record([{ task, events, at: 0, actor: engine }])
      const event = {
        type: "task.created",
        spec: plainSpec,
        owner,
        lineage: noLineage,
        blocked: false
      } as const
      let task = created("x", event, 0)
      yield* change(task, [event])
      for (const command of commands) {
        const events = [...Result.getOrThrow(decide(command, task, 0))]
        task = events.reduce((before, each) => evolve(before, each, { at: 0, actor: engine }), task)
        yield* change(task, events)
      }
      const { state } = yield* taskAtLastEnd(task)
      const outcome = "end" in state ? state.end?.outcome : undefined
      return [state.attempt, state.status, outcome?.kind === "exited" ? outcome.exitCode : null]
    }).pipe(Effect.provide([layerMemory, layerInstances]))
  )

describe("a task as it was when its last attempt ended", () => {
  test.each<[string, ReadonlyArray<TaskCommand>, [number, TaskStatus, number | null]]>([
    ["is what it is while none has", [open], [1, "running", null]],
    ["is what it is when that was the last", once, [1, "completed", 0]],
    ["is found of one that is to run again", [...once, restart], [1, "completed", 0]],
    ["is found of one that runs again", [...once, restart, open], [1, "completed", 0]],
    [
      "is that of its newest end",
      [...once, restart, open, end(3), restart, open],
      [2, "failed", 3]
    ],
    [
      "is that of the attempt that made way for the one that runs",
      [open, restart, end(9), open],
      [1, "cancelled", 9]
    ],
    [
      "is found when the next was withdrawn",
      [...once, restart, { type: "Stop", reason: null, signal: "SIGTERM", graceMs: 0 }],
      [1, "completed", 0]
    ],
    [
      "is found however often it has run",
      Array.from({ length: 700 }, () => [...once, restart]).flat(),
      [700, "completed", 0]
    ]
  ])("%s", async (_, commands, expected) => {
    expect(await found(commands)).toEqual(expected)
  })
})
