/** A call that waits is sent again when its engine ends. What it asked for is not done again, whatever became of its tasks meanwhile. */
import { socketName } from "@backbeat/contract/protocol"
import { expect, test } from "bun:test"
import { readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { posted } from "../post.ts"
import { Rig } from "../Rig.ts"

const mark = (rig: Rig): string => join(rig.scratch, "ran")
const ranIn = (rig: Rig): number => readFileSync(mark(rig), "utf8").split("\n").length - 1

/** Starts a task that notes that it ran, in a call that waits for another one too; goes on when the first has ended. */
const startPair = async (rig: Rig) => {
  const begun = join(rig.scratch, "begun")
  await Bun.spawn(["mkfifo", begun]).exited
  const script = `test -e '${mark(rig)}' || first=yes; echo ran >> '${mark(rig)}'; test -z "$first" || echo > '${begun}'`
  const answer = rig.call([
    "start",
    JSON.stringify([
      { id: "short", script, full: true },
      { id: "long", command: "cat", stdin: "open", full: true }
    ]),
    "--wait"
  ])
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

test("a repeated start does not run again what another caller has restarted since", async () => {
  await using rig = new Rig()
  const started = await startPair(rig)
  await rig.data("restart", { id: "short" }, ["--wait"])
  expect(await endingWith(rig, started)).toMatchObject({
    results: [
      { data: { task: { attempt: 2, status: "completed" } } },
      { data: { task: { attempt: 1, status: "completed" } } }
    ]
  })
  expect(ranIn(rig)).toBe(2)
})

test("a repeated start does not run again what another caller has removed since", async () => {
  await using rig = new Rig()
  const started = await startPair(rig)
  await rig.data("prune", { olderThanDays: 0 })
  expect(await endingWith(rig, started)).toMatchObject({
    results: [
      {
        error: { type: "TaskNotFound", message: expect.stringContaining("has been removed since") }
      },
      { ok: true }
    ]
  })
  expect(ranIn(rig)).toBe(1)
})

test.each(["restart", "retry"])(
  "a %s does not run again what somebody else has restarted since",
  async (operation) => {
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
  }
)

test("a repeated pipeline create does not create a pipeline again that was removed since", async () => {
  await using rig = new Rig()
  await rig.data("list")
  const payload = {
    id: "p",
    steps: [{ script: `echo ran >> '${mark(rig)}'` }, { command: "true" }]
  }
  expect(await posted(rig, "pipeline create", payload, "made")).toMatchObject({ ok: true })
  await rig.data("wait", { pipelineId: "p" })
  expect(await posted(rig, "pipeline create", payload, "made again")).toMatchObject({
    ok: true,
    data: { pipeline: { id: "p", status: "completed" } }
  })
  await rig.data("prune", { olderThanDays: 0 })
  expect(await posted(rig, "pipeline create", payload, "made again")).toMatchObject({
    error: {
      type: "PipelineNotFound",
      message: "this call created pipeline p, which has been removed since"
    }
  })
  expect(ranIn(rig)).toBe(1)
})

test("a send whose connection breaks before it was received goes to the next engine", async () => {
  await using rig = new Rig()
  await rig.data("start", { id: "x", command: "cat", stdin: "open" })
  await rig.data("engine stop")
  // What an engine leaves to a caller that it does not take any more.
  const closing = Bun.listen({
    unix: join(rig.home, socketName),
    socket: { data: (socket) => void socket.end() }
  })
  const sent = await rig.data("send", { id: "x", text: "once\n", eof: true })
  closing.stop()
  expect(sent).toMatchObject({ id: "x", bytesWritten: 5, eof: true })
  await rig.data("wait", { id: "x" })
  expect(await rig.data("logs", { id: "x" })).toMatchObject({ lines: ["once"] })
})

test("a send whose answer was lost is answered again, and nothing is delivered twice", async () => {
  await using rig = new Rig()
  await rig.data("start", { id: "x", command: "cat", stdin: "open" })
  const payload = { id: "x", text: "once\n" }
  const answer = { data: { id: "x", bytesWritten: 5 } }
  expect(await posted(rig, "send", payload, "lost")).toMatchObject(answer)
  await rig.killEngine()
  await rig.data("engine status")
  await rig.data("list")
  expect(await posted(rig, "send", payload, "lost again")).toMatchObject(answer)
  await rig.data("send", { id: "x", eof: true })
  await rig.data("wait", { id: "x" })
  expect(await rig.data("logs", { id: "x" })).toMatchObject({ lines: ["once"] })
})

test("a send that was partly delivered by an ending engine reports it, and is not delivered again", async () => {
  await using rig = new Rig()
  const [begun, gate] = [join(rig.scratch, "begun"), join(rig.scratch, "gate")]
  await Bun.spawn(["mkfifo", begun, gate]).exited
  await rig.data("start", {
    id: "x",
    script: `head -c 1; echo > '${begun}'; cat '${gate}'; wc -c`,
    stdin: "open"
  })
  const text = "x".repeat(300_000)
  const sending = rig.refusal(["send", "-"], { stdin: JSON.stringify({ id: "x", text }) })
  await Bun.spawn(["cat", begun], { stdout: "ignore" }).exited
  await rig.data("engine stop")
  expect(await sending).toMatchObject({
    type: "IllegalTransition",
    message: expect.stringContaining(
      "may have received all or part of the text: the engine ended during the write"
    ),
    details: { retryable: false }
  })
  await rig.data("send", { id: "x", eof: true })
  writeFileSync(gate, "")
  await rig.data("wait", { id: "x" })
  const { lines } = await rig.data("logs", { id: "x" })
  expect(Number(/\d+$/u.exec(String(lines))?.[0])).toBeLessThan(text.length)
})
