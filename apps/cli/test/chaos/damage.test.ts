import { describe, expect, test } from "bun:test"
import { closeSync, existsSync, openSync, readFileSync, rmSync, truncateSync, writeFileSync, writeSync } from "node:fs"
import { join } from "node:path"
import { Rig } from "../Rig.ts"

/** A home with an ended task whose engine was killed. */
const leave = async (): Promise<{ readonly rig: Rig; readonly database: string }> => {
  const rig = new Rig()
  await rig.task("start", { id: "t", script: "echo hi; exit 3" }, ["--wait"])
  await rig.killEngine()
  return { rig, database: join(rig.home, "backbeat.db") }
}

const bytesOf = (path: string): string => new Bun.CryptoHasher("sha256").update(readFileSync(path)).digest("hex")

describe("a damaged database", () => {
  const damages: ReadonlyArray<readonly [string, (path: string) => void]> = [
    [
      "with another header",
      (path) => {
        const fd = openSync(path, "r+")
        writeSync(fd, Buffer.alloc(100, 0x5a), 0, 100, 0)
        closeSync(fd)
      }
    ],
    ["that is text", (path) => writeFileSync(path, "this is no database\n".repeat(500))],
    ["that was cut", (path) => truncateSync(path, 700)]
  ]
  for (const [title, damage] of damages) {
    test(`${title} is told of, and left as it is`, async () => {
      const { rig, database } = await leave()
      await using _ = rig
      damage(database)
      const before = bytesOf(database)
      for (let time = 0; time < 2; time++) {
        const called = await rig.call(["status", "t"])
        expect(called).toMatchObject({ exitCode: 1, stdout: "" })
        expect(called.document).toMatchObject({ ok: false, error: { type: "StoreError", details: { reason: "damaged" } } })
      }
      expect(bytesOf(database)).toBe(before)
      expect(existsSync(join(rig.home, "engine.sock"))).toBe(false)
    })
  }
})

describe("a home that is removed under its engine", () => {
  test("is made anew by the next call, which does not wait", async () => {
    await using rig = new Rig()
    await rig.data("start", { id: "t", command: "sleep", args: ["60"] })
    rmSync(rig.home, { recursive: true, force: true })
    const begunAt = performance.now()
    const { document } = await rig.call(["list"])
    expect(performance.now() - begunAt).toBeLessThan(3000)
    expect(document).toMatchObject({ ok: true, data: { tasks: [] } })
    expect(await rig.task("start", { id: "u", script: "exit 2" }, ["--wait"])).toMatchObject({ exitCode: 2 })
  })

  test("costs a waiting caller no more than its time", async () => {
    await using rig = new Rig()
    await rig.data("start", { id: "t", script: "echo up; sleep 0.5; exit 2" })
    const waiting = rig.call(["wait", '{"id":"t","timeout":3000}'])
    await Bun.sleep(200)
    rmSync(rig.home, { recursive: true, force: true })
    const { document } = await waiting
    expect(document).toMatchObject({ ok: false })
  })
})

test("an engine.json, engine.sock and engine.lock of long ago are in nobody's way", async () => {
  await using rig = new Rig()
  await rig.data("list")
  await rig.killEngine()
  expect(existsSync(join(rig.home, "engine.sock"))).toBe(true)
  writeFileSync(join(rig.home, "engine.json"), '{"state":"ready","pid":1,"version":"9.9.9"}')
  expect(await rig.data("list")).toMatchObject({ tasks: [] })
})
