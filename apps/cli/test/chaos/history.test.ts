/** The history is the truth of a task: its row follows from its events, whatever was asked for. */
import { databasePath } from "@backbeat/engine/home/Home"
import { created, evolve } from "@backbeat/core/task/evolve"
import type { Task } from "@backbeat/core/task/Task"
import type { RecordedEvent } from "@backbeat/core/history/RecordedEvent"
import { History } from "@backbeat/store/History"
import { layerSqlite } from "@backbeat/store/sqlite/layerSqlite"
import { TaskStore } from "@backbeat/store/TaskStore"
import { expect, test } from "bun:test"
import * as Effect from "effect/Effect"
import { Rig } from "../Rig.ts"
import { SeededRandom } from "@backbeat/engine/test/oracle/SeededRandom"

/** What the events of a task make of it. */
const replay = (id: string, history: ReadonlyArray<RecordedEvent>): Task | null => {
  let task: Task | null = null
  for (const { subject, event, at, actor } of history) {
    if (subject !== "task") continue
    if (event.type === "task.created") task = created(id, event, at)
    else if (task !== null) task = evolve(task, event, { at, actor })
  }
  return task
}

/** Every task of a home whose engine has ended, as its row says and as its events say. */
const readBoth = (home: string) =>
  Effect.gen(function* () {
    const [store, history] = [yield* TaskStore, yield* History]
    const { tasks } = yield* store.list({}, { limit: 500 })
    return yield* Effect.forEach(tasks, ({ id }) =>
      Effect.gen(function* () {
        const recorded = yield* history.events({ since: 0, taskIds: [id], limit: 10_000 })
        return { row: yield* store.find(id), replayed: replay(id, recorded) }
      })
    )
  }).pipe(Effect.provide(layerSqlite({ path: databasePath(home) })), Effect.runPromise)

const ids = ["a", "b", "c", "d"]
const works = [
  { script: "exit 0" },
  { script: "exit 3" },
  { script: "exec sleep 60" },
  { script: "exit 1", restart: { when: "on-failure", delayMs: 1, maxAttempts: 2 } }
]

/** One call of those that change tasks, their owner or where they come from. */
const randomCall = (
  random: SeededRandom
): { readonly args: ReadonlyArray<string>; readonly env: Record<string, string> } => {
  const id = random.pick(ids)
  const env = { CLAUDE_CODE_SESSION_ID: random.pick(["one", "two"]) }
  const again = { ifRunning: random.pick(["return", "restart"]), ifEnded: "again" }
  const start = { id, ...random.pick(works), ...again }
  const calls: ReadonlyArray<ReadonlyArray<string>> = [
    ["start", JSON.stringify(start)],
    ["start", JSON.stringify([start, { ...start, id: random.pick(ids) }]), "--concurrency", "1"],
    ["stop", id],
    ["restart", id],
    ["restart", JSON.stringify([{ id }]), "--concurrency", "2"],
    ["retry", id],
    [
      "start",
      JSON.stringify({
        id,
        command: "true",
        dependsOn: [random.pick(ids.filter((each) => each !== id))],
        ...again
      })
    ]
  ]
  return { args: random.pick(calls), env }
}

test("the events of a task produce its row, even after it was taken over", async () => {
  await using rig = new Rig()
  const seed = 20_261_129
  const random = new SeededRandom(seed)
  await rig.data(
    "start",
    ids.map((id) => ({ id, command: "true" }))
  )
  for (let round = 0; round < 3; round++) {
    // Those of a round are on their way together.
    await Promise.all(
      Array.from({ length: 5 }, () => randomCall(random)).map(({ args, env }) =>
        rig.call(args, { env })
      )
    )
  }
  await rig.data("engine stop")
  const both = await readBoth(rig.home)
  expect(both.length).toBeGreaterThanOrEqual(ids.length)
  for (const { row, replayed } of both) expect(replayed).toEqual(row)
  await rig.data("list")
})
