/** Graphs of tasks that wait for each other, judged by the model of the chaos tests: what ran, in which order, and what did not. */
import { describe, expect, test } from "bun:test"
import { judge } from "../chaos/GraphJudge.ts"
import type { GraphTask } from "@backbeat/engine/test/oracle/GraphModel"
import { Marks } from "../chaos/Marks.ts"
import { RandomGraph } from "../chaos/RandomGraph.ts"
import { SeededRandom } from "@backbeat/engine/test/oracle/SeededRandom"
import { bound } from "../bounds.ts"
import { Rig } from "../Rig.ts"

/** How many tasks are in a graph, in a chain, and behind one that ends well and one that fails. */
const size = bound(100, 500)
const length = bound(40, 200)
const width = bound(60, 300)

const task = (id: string, dependsOn: ReadonlyArray<string>, exitCode = 0): GraphTask => ({
  id,
  dependsOn: dependsOn.map((each) => ({ task: each, on: "success" })),
  exitCodes: [exitCode]
})

const many = (count: number, make: (index: number) => GraphTask): ReadonlyArray<GraphTask> =>
  Array.from({ length: count }, (_, index) => make(index))

/** A task and those that wait for it. */
const fan = (root: string, exitCode: number) => [
  task(root, [], exitCode),
  ...many(width, (index) => task(`${root}${index}`, [root]))
]

/** Starts a graph in one call, the last task first, and ends when all of it has ended. */
const runGraph = async (rig: Rig, tasks: ReadonlyArray<GraphTask>, meanwhile = ":") => {
  const marks = new Marks(rig.scratch)
  await rig.data("queue set", { queue: "graph", concurrency: 4 })
  const specs = tasks.map((each) => ({
    id: each.id,
    queue: "graph",
    dependsOn: each.dependsOn,
    script: marks.script(each, meanwhile),
    restart: { when: "on-failure", maxAttempts: each.exitCodes.length, delayMs: 1 }
  }))
  const started = await rig.call(["start", "-", "--output", "artifact"], {
    stdin: JSON.stringify(specs.toReversed())
  })
  expect(started.document).toMatchObject({ ok: true })
  for (let at = 0; at < tasks.length; at += 100) {
    await rig.data("wait", { ids: tasks.slice(at, at + 100).map(({ id }) => id), timeout: 25_000 })
  }
  const seen = marks.all()
  return {
    ...(await judge(rig, tasks, seen)),
    started: seen.filter(({ what }) => what === "start").map(({ id }) => id)
  }
}

describe("a graph of tasks started by one call", () => {
  test("runs a diamond in order", async () => {
    await using rig = new Rig()
    const tasks = [task("a", []), task("b", ["a"]), task("c", ["a"]), task("d", ["b", "c"])]
    const { flaws, started } = await runGraph(rig, tasks, "sleep 0.05")
    expect(flaws).toEqual([])
    expect(started.toSorted()).toEqual(["a", "b", "c", "d"])
  })

  test(`of ${size} with failures among them ends as the model says`, async () => {
    await using rig = new Rig()
    const graph = new RandomGraph(new SeededRandom(500))
    const { flaws, ends } = await runGraph(
      rig,
      graph.grow(size, () => true)
    )
    expect(flaws).toEqual([])
    expect(new Set(ends.values())).toEqual(new Set(["success", "failure", "withdrawn"]))
  })

  test(`runs a chain of ${length} in its order`, async () => {
    await using rig = new Rig()
    const { flaws, started } = await runGraph(
      rig,
      many(length, (index) => task(`c${index}`, index === 0 ? [] : [`c${index - 1}`]))
    )
    expect(flaws).toEqual([])
    expect(started).toEqual(Array.from({ length }, (_, index) => `c${index}`))
  })

  test("cancels a whole chain whose first task fails; each names the root cause and the task before it", async () => {
    await using rig = new Rig()
    const { flaws } = await runGraph(
      rig,
      many(length, (index) => task(`c${index}`, index === 0 ? [] : [`c${index - 1}`], 1))
    )
    expect(flaws).toEqual([])
    expect(await rig.task("status", { id: `c${length - 1}` })).toMatchObject({
      status: "cancelled",
      failure: { type: "DependencyFailed", taskId: "c0", through: `c${length - 2}` }
    })
  })

  test("cancels a task once, for the nearest reason, if one end both satisfies and breaks its dependencies", async () => {
    await using rig = new Rig()
    const tasks: ReadonlyArray<GraphTask> = [
      task("a", [], 1),
      task("b", ["a"]),
      task("near", ["b", "a"]),
      {
        id: "torn",
        dependsOn: [
          { task: "a", on: "failure" },
          { task: "b", on: "success" }
        ],
        exitCodes: [0]
      }
    ]
    const { flaws, started } = await runGraph(rig, tasks)
    expect(flaws).toEqual([])
    expect(started).toEqual(["a"])
    expect(await rig.task("status", { id: "near" })).toMatchObject({
      failure: { type: "DependencyFailed", taskId: "a" }
    })
    expect(await rig.task("status", { id: "near" })).not.toHaveProperty("failure.through")
    expect(
      (await rig.data("events", { types: ["task.cancelled", "task.queued"] }))["events"]
    ).toMatchObject([{ taskId: "b" }, { taskId: "near" }, { taskId: "torn" }])
  })

  test(`starts all of ${width} that wait for one, and withdraws all when it fails`, async () => {
    await using rig = new Rig()
    const { flaws, ends } = await runGraph(rig, [...fan("ok", 0), ...fan("bad", 1)])
    expect(flaws).toEqual([])
    expect([...ends.values()].filter((end) => end === "withdrawn")).toHaveLength(width)
  })

  test("allows a task a hundred dependencies, and rejects one more", async () => {
    await using rig = new Rig()
    const hundred = many(100, (index) => task(`d${index}`, []))
    const all = hundred.map(({ id }) => id)
    const { flaws, started } = await runGraph(rig, [...hundred, task("all", all)])
    expect(flaws).toEqual([])
    expect(started.at(-1)).toBe("all")
    await rig.data("start", { id: "one-more", command: "true" })
    const refused = await rig.refusal([
      "start",
      JSON.stringify({ id: "too-much", command: "true", dependsOn: [...all, "one-more"] })
    ])
    expect(refused).toMatchObject({ type: "CommandInputError" })
    expect(refused.message).toContain("dependsOn")
    expect(await rig.data("list", { ids: ["too-much"] })).toMatchObject({ total: 0 })
  })
})
