/** Folders of attempts that the store knows nothing of: what is started under their ids runs, and is told of by itself alone. */
import { recordIn } from "../attemptFiles.ts"
import { expect, test } from "bun:test"
import { cpSync, readdirSync, readFileSync, renameSync } from "node:fs"
import { join } from "node:path"
import { Rig } from "../Rig.ts"
import { markedProcesses } from "../processes.ts"

const marksOf = (pid: number): string => {
  try {
    return readFileSync(`/proc/${pid}/environ`, "latin1")
  } catch {
    return ""
  }
}

const begin = async (rig: Rig): Promise<string> => {
  await rig.data("start", { id: "x", script: "echo before; exit 5" }, ["--wait"])
  return join(rig.home, "tasks", "x")
}

const expectAnew = async (rig: Rig): Promise<void> => {
  expect(await rig.task("start", { id: "x", script: "echo anew" }, ["--wait"])).toMatchObject({
    status: "completed",
    exitCode: 0,
    attempt: 1
  })
  expect(await rig.data("logs", { id: "x" })).toMatchObject({ lines: ["anew"] })
}

test("the folder that a killed prune left is not used for the next task of its id", async () => {
  await using rig = new Rig()
  const folder = await begin(rig)
  renameSync(folder, join(rig.scratch, "whole"))
  await rig.data("prune", { olderThanDays: 0 })
  renameSync(join(rig.scratch, "whole"), folder)
  await expectAnew(rig)
  // It goes with the task in whose folder it is.
  expect(readdirSync(folder).filter((name) => name.startsWith("earlier-1-"))).toHaveLength(1)
  await rig.data("prune", { olderThanDays: 0 })
  expect(readdirSync(join(rig.home, "tasks"))).toEqual([])
})

const moveDatabase = async (rig: Rig): Promise<void> => {
  await rig.data("engine stop")
  for (const name of readdirSync(rig.home).filter((each) => each.startsWith("backbeat.db")))
    renameSync(join(rig.home, name), join(rig.scratch, name))
}

test("a task can use an id that was used before the database was moved away", async () => {
  await using rig = new Rig()
  await begin(rig)
  await moveDatabase(rig)
  await expectAnew(rig)
})

test("an id that the database has lost cannot be started until the processes of its first task have ended", async () => {
  await using rig = new Rig()
  await rig.data("start", { id: "x", script: "read word; exit 5", stdin: "open" })
  await moveDatabase(rig)
  expect(await rig.refusal(["start", '{"id":"x","script":"echo anew"}'])).toMatchObject({
    type: "TaskAlreadyRunning"
  })
  await Bun.spawn(["/bin/sh", "-c", 'echo word >"$0"', join(rig.home, "tasks", "x", "1", "stdin")])
    .exited
  // Its shim and the holder of its stdin end too; the test does not end otherwise.
  while (markedProcesses(rig.home).some((pid) => marksOf(pid).includes("BACKBEAT_TASK_ID=x\0")))
    await Bun.sleep(5)
  await expectAnew(rig)
})

test("a process in a folder that was moved aside ends with everything that kept its stdin open", async () => {
  await using rig = new Rig()
  await rig.data("start", { id: "x", script: "read word; exit 5", stdin: "open" })
  await moveDatabase(rig)
  const aside = join(rig.home, "tasks", "x", "earlier-1-7")
  renameSync(join(rig.home, "tasks", "x", "1"), aside)
  await Bun.spawn(["/bin/sh", "-c", 'echo word >"$0"', join(aside, "stdin")]).exited
  // The test ends when they have gone, or not at all.
  while (markedProcesses(rig.home).some((pid) => marksOf(pid).includes("BACKBEAT_TASK_ID=x\0")))
    await Bun.sleep(5)
})

test("a task runs again if the folder of a later attempt than in the database exists", async () => {
  await using rig = new Rig()
  await begin(rig)
  cpSync(recordIn(rig.home, "x"), recordIn(rig.home, "x", 2))
  expect(await rig.task("start", { id: "x", script: "echo anew" }, ["--wait"])).toMatchObject({
    status: "completed",
    exitCode: 0,
    attempt: 2
  })
})
