/** A call that waits is sent again when its engine ends. What it asked for is not done again, whatever became of its tasks meanwhile. */
import { expect, test } from "bun:test"
import { readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { Rig } from "../Rig.ts"

const mark = (rig: Rig): string => join(rig.scratch, "ran")
const ranIn = (rig: Rig): number => readFileSync(mark(rig), "utf8").split("\n").length - 1

/** Starts a task that notes that it ran, in a call that waits for another one too; goes on when the first has ended. */
const startPair = async (rig: Rig) => {
  const begun = join(rig.scratch, "begun")
  await Bun.spawn(["mkfifo", begun]).exited
  const script = `test -e '${mark(rig)}' || first=yes; echo ran >> '${mark(rig)}'; test -z "$first" || echo > '${begun}'`
  const answer = rig.call(["start", JSON.stringify([{ id: "short", script }, { id: "long", command: "cat", stdin: "open" }]), "--wait"])
  await Bun.spawn(["cat", begun], { stdout: "ignore" }).exited
  await rig.data("wait", { id: "short" })
  return { answer }
}

/** Ends the engine, then what the call waits for. */
const endingWith = async (rig: Rig, { answer }: Awaited<ReturnType<typeof startPair>>) => {
  await rig.data("engine stop")
  await rig.data("send", { id: "long", eof: true })
  return (await answer).document["data"]
}

test("a start does not run again what somebody else has restarted since", async () => {
  await using rig = new Rig()
  const started = await startPair(rig)
  await rig.data("restart", { id: "short" }, ["--wait"])
  expect(await endingWith(rig, started)).toMatchObject({
    results: [{ data: { task: { attempt: 2, status: "completed" } } }, { data: { task: { attempt: 1, status: "completed" } } }]
  })
  expect(ranIn(rig)).toBe(2)
})

test("a start does not run again what somebody else has removed since", async () => {
  await using rig = new Rig()
  const started = await startPair(rig)
  await rig.data("prune", { olderThanDays: 0 })
  expect(await endingWith(rig, started)).toMatchObject({
    results: [{ error: { type: "TaskNotFound", message: expect.stringContaining("has been removed since") } }, { ok: true }]
  })
  expect(ranIn(rig)).toBe(1)
})

test.each(["restart", "retry"])("a %s does not run again what somebody else has restarted since", async (operation) => {
  await using rig = new Rig()
  const [begun, gate] = [join(rig.scratch, "begun"), join(rig.scratch, "gate")]
  const script = `echo ran >> '${mark(rig)}'; test ! -p '${gate}' || { echo "$BACKBEAT_TASK_ID" > '${begun}'; cat '${gate}'; }`
  await rig.data("start", { id: "x", script }, ["--wait"])
  await Bun.spawn(["mkfifo", begun, gate]).exited
  const heard = () => new Response(Bun.spawn(["cat", begun], { stdout: "pipe" }).stdout).text()
  const answer = rig.call([operation, "x", "--wait"])
  const id = (await heard()).trim()
  const again = heard()
  await rig.data("restart", { id })
  await again
  await rig.data("engine stop")
  await rig.data("engine status")
  writeFileSync(gate, "")
  expect((await answer).document["data"]).toMatchObject({ task: { id, status: "completed" } })
  expect(ranIn(rig)).toBe(3)
})
