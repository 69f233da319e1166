/** A home on a disk without room: said clearly, and fine again when there is room. */
import { expect, test } from "bun:test"
import { closeSync, mkdirSync, openSync, rmSync, writeSync } from "node:fs"
import { join } from "node:path"
import { isAlive, Rig } from "../Rig.ts"

const fill = (path: string): void => {
  const file = openSync(path, "w")
  const block = new Uint8Array(4096)
  try {
    while (writeSync(file, block) === block.length);
  } catch {
    // The space has ended.
  } finally {
    closeSync(file)
  }
}

test("a full disk is told of, and what was there goes on when there is room again", async () => {
  const point = join("/tmp", `backbeat-disk-${process.pid}-${Date.now()}`)
  mkdirSync(point)
  // Without the right to mount there is no small disk to be had: this test then fails, and says why.
  const mounted = Bun.spawnSync(["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", point])
  expect(`${mounted.exitCode} ${mounted.stderr.toString()}`).toBe("0 ")
  try {
    await using rig = new Rig(join(point, "home"))
    await rig.task("start", { id: "before", command: "cat", stdin: "open" })
    const { pid } = await rig.task("start", { id: "fails", script: "read go; exit 3", stdin: "open" })
    await rig.data("start", { id: "ended", script: "echo kept" }, ["--wait"])
    fill(join(point, "filler"))
    const refused = await rig.call(["start", JSON.stringify({ id: "during", script: "echo x", env: { BIG: "x".repeat(100_000) } })])
    expect(refused).toMatchObject({ exitCode: 1, stdout: "", document: { ok: false, command: "start", error: { type: "StoreError" } } })
    // What only reads works.
    expect(await rig.task("status", { id: "ended" })).toMatchObject({ status: "completed" })
    expect(await rig.data("logs", { id: "ended" })).toMatchObject({ lines: ["kept"] })
    expect(await rig.data("doctor")).toMatchObject({ status: "fail" })
    expect(await rig.data("send", { id: "fails", text: "go\n" })).toMatchObject({ bytesWritten: 3 })
    while (isAlive(Number(pid))) await Bun.sleep(1)
    // Its end is on the disk. Status knows of it only when the log of the database had room left.
    const { status, because } = await rig.data("why", { id: "fails" })
    const what = status === "running" ? "its command has ended (exit code 3), which is not stored yet" : "it exited with code 3"
    expect(because).toMatchObject([{ what }, {}])
    rmSync(join(point, "filler"))
    await rig.data("send", { id: "before", eof: true })
    expect(await rig.task("wait", { id: "before" }, ["--timeout", "10"])).toMatchObject({ status: "completed", exitCode: 0, attempt: 1 })
    // The room for its end was taken before it began.
    expect(await rig.task("wait", { id: "fails" }, ["--timeout", "10"])).toMatchObject({ status: "failed", exitCode: 3 })
    expect(await rig.task("start", { id: "during", script: "echo x" }, ["--wait"])).toMatchObject({ status: "completed" })
  } finally {
    Bun.spawnSync(["umount", "-l", point])
    rmSync(point, { recursive: true, force: true })
  }
})

test("an engine that finds no room at its start says so", async () => {
  const point = join("/tmp", `backbeat-disk-${process.pid}-${Date.now()}`)
  mkdirSync(point)
  const mounted = Bun.spawnSync(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", point])
  expect(`${mounted.exitCode} ${mounted.stderr.toString()}`).toBe("0 ")
  try {
    fill(join(point, "filler"))
    await using rig = new Rig(join(point, "home"))
    const { type, message } = await rig.refusal(["list"])
    expect(["EngineUnreachable", "StoreError"]).toContain(type)
    expect(message).toMatch(/ENOSPC|full|no space/iu)
    rmSync(join(point, "filler"))
  } finally {
    Bun.spawnSync(["umount", "-l", point])
    rmSync(point, { recursive: true, force: true })
  }
})
