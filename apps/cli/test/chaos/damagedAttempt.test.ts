/** Damage in the folder of an attempt: no second copy of a living command, no end that is none, and no other task is concerned. */
import { recordPath } from "@backbeat/engine/process/AttemptRecord"
import { describe, expect, test } from "bun:test"
import { signalProcess } from "@backbeat/engine/process/posix"
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { Rig } from "../Rig.ts"
import { isAlive, killAndAwait, markedProcesses } from "../processes.ts"
import { tasksOf as shownTasks } from "./Shown.ts"

const script = "echo $BACKBEAT_TASK_ID $$ >>runs; echo up; exec sleep 60"

/** The pids of every copy that began, by task. */
const copies = (rig: Rig): ReadonlyMap<string, ReadonlyArray<number>> => {
  const lines = readFileSync(join(rig.scratch, "runs"), "utf8")
    .trim()
    .split("\n")
    .map((line) => line.split(" "))
  const byId = Map.groupBy(lines, ([id = ""]) => id)
  return new Map([...byId].map(([id, its]) => [id, its.map(([, pid]) => Number(pid))]))
}

const again = (path: string): void => {
  rmSync(path, { recursive: true, force: true })
  mkdirSync(path, { mode: 0o700 })
}
const instead = (path: string): void => {
  rmSync(path, { recursive: true, force: true })
  writeFileSync(path, "")
}

/** What becomes of the folder of a task; `recorded` when its shim can write a record of the end all the same. */
const damages: Readonly<
  Record<string, { readonly damage: (task: string) => void; readonly recorded?: true }>
> = {
  "no-folder": { damage: (task) => rmSync(join(task, "1"), { recursive: true }) },
  "no-record": { damage: (task) => rmSync(recordPath(join(task, "1"))) },
  "empty-folder": { damage: (task) => again(join(task, "1")) },
  "no-fifo": { damage: (task) => rmSync(join(task, "1", "alive")), recorded: true },
  "file-for-fifo": { damage: (task) => instead(join(task, "1", "alive")), recorded: true },
  "folder-for-fifo": { damage: (task) => again(join(task, "1", "alive")), recorded: true },
  "no-task-folder": { damage: (task) => rmSync(task, { recursive: true }) },
  "empty-task-folder": { damage: (task) => again(task) },
  "folder-for-record": { damage: (task) => again(recordPath(join(task, "1"))) },
  "file-for-folder": { damage: (task) => instead(join(task, "1")) },
  "file-for-task-folder": { damage: (task) => instead(task) }
}

const begin = async (rig: Rig, ids: ReadonlyArray<string>): Promise<void> => {
  await rig.data(
    "start",
    ids.map((id) => ({ id, script }))
  )
  await Promise.all(ids.map((id) => rig.data("wait", { id, for: { log: "up" } })))
}

describe("a live attempt whose folder is damaged", () => {
  for (const engine of ["the next engine", "its engine"]) {
    test(`is running under ${engine} until it is gone, as its only copy, and no other task is concerned`, async () => {
      await using rig = new Rig()
      const ids = Object.keys(damages)
      await begin(rig, ids)
      if (engine === "the next engine") await rig.killEngine()
      for (const [id, { damage }] of Object.entries(damages)) damage(join(rig.home, "tasks", id))
      expect(await rig.task("start", { id: "other", command: "true" }, ["--wait"])).toMatchObject({
        status: "completed"
      })
      const { tasks } = await rig.data("list", { ids, status: ["running"] })
      expect(tasks).toBeArrayOfSize(ids.length)
      for (const id of ["file-for-folder", "folder-for-record"]) await rig.data("logs", { id })
      const pids = copies(rig)
      expect([...pids.values()].flat().filter(isAlive)).toBeArrayOfSize(ids.length)
      for (const pid of [...pids.values()].flat()) signalProcess(pid, "SIGKILL")
      await rig.data("wait", { ids })
      const ended = shownTasks(await rig.data("list", { ids }))
      for (const [id, { recorded = false }] of Object.entries(damages)) {
        const failure = recorded
          ? { type: "Signalled" }
          : { type: "Lost", evidence: expect.stringContaining(join(rig.home, "tasks", id)) }
        expect(ended.find((each) => each.id === id)).toMatchObject({
          id,
          status: "failed",
          attempt: 1,
          failure
        })
      }
    })
  }

  test("is ended by a stop", async () => {
    await using rig = new Rig()
    await begin(rig, ["a", "b"])
    await rig.killEngine()
    rmSync(join(rig.home, "tasks"), { recursive: true })
    for (const id of ["a", "b"])
      expect(await rig.task("stop", { id })).toMatchObject({ status: "cancelled" })
    expect([...copies(rig).values()].flat().map(isAlive)).toEqual([false, false])
  })
})

test("an attempt whose folder disappears after its command has ended is lost, and does not run again", async () => {
  await using rig = new Rig()
  const losses: Readonly<Record<string, (task: string) => void>> = {
    "no-folder": (task) => rmSync(join(task, "1"), { recursive: true }),
    "empty-folder": (task) => again(join(task, "1")),
    "empty-task-folder": again
  }
  const ids = Object.keys(losses)
  await begin(rig, ids)
  await rig.killEngine()
  for (const [pid = 0] of copies(rig).values()) await killAndAwait(pid)
  while (markedProcesses(rig.home).length > 0) await Bun.sleep(1)
  for (const id of ids) losses[id]?.(join(rig.home, "tasks", id))
  for (const id of ids) {
    expect(await rig.task("wait", { id })).toMatchObject({
      status: "failed",
      failure: { type: "Lost", evidence: expect.stringContaining("attempt's folder") }
    })
  }
  expect([...copies(rig).values()].map((pids) => pids.length)).toEqual([1, 1, 1])
})

test("an attempt whose stored environment is damaged reports it", async () => {
  await using rig = new Rig()
  await rig.data("start", { id: "a", command: "true" }, ["--wait"])
  const path = join(rig.home, "tasks", "a", "environment.json")
  writeFileSync(path, "{")
  await rig.data("restart", { id: "a" })
  expect(await rig.task("wait", { id: "a" })).toMatchObject({
    failure: { type: "NotSpawned", message: expect.stringContaining(path) }
  })
})
