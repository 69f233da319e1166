/** How a command is started: by which program, with which variables, and what happens when the system is short of something. */
import { describe, expect, test } from "bun:test"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { Rig } from "../Rig.ts"
import { binary } from "../binary.ts"

describe("a command", () => {
  test("that is sent SIGKILL is killed with all its processes, and its shim records that", async () => {
    await using rig = new Rig()
    await rig.data("start", { id: "x", script: "sleep 60 & sleep 60 & echo up; wait" })
    await rig.data("wait", { id: "x", for: { log: "up" } })
    expect(await rig.data("send", { id: "x", signal: "SIGKILL" })).toMatchObject({
      signalled: true
    })
    expect(await rig.task("wait", { id: "x" })).toMatchObject({
      status: "failed",
      failure: { type: "Signalled", signal: "SIGKILL" }
    })
    expect(JSON.stringify(await rig.data("why", { id: "x" }))).not.toContain("still run")
  })

  test("is not found by its name in the shell around it", async () => {
    await using rig = new Rig()
    await rig.data("start", { id: "unmistakable", script: "exec sleep 60.125" })
    const found = Bun.spawnSync(["pgrep", "-f", "sleep 60.125|unmistakable"])
      .stdout.toString()
      .trim()
      .split("\n")
    expect(found).toHaveLength(1)
    expect(String((await rig.task("status", { id: "unmistakable" }))["pid"])).not.toBe(found[0])
  })

  test("gets variables whose names are not shell names, and a script for sh has a warning", async () => {
    await using rig = new Rig()
    const env = { "a-b": "1", "x.y": "2" }
    await rig.data("start", { id: "x", command: "env", env }, ["--wait"])
    const { lines } = await rig.data("logs", { id: "x", grep: "^(a-b|x.y)=" })
    const started = await rig.data("start", { script: "env", env })
    if (Bun.which("bash") === null) return expect(lines).toEqual([])
    expect(JSON.stringify(lines)).toContain("a-b=1")
    expect(JSON.stringify(lines)).toContain("x.y=2")
    expect(started["warnings"]).toEqual([expect.stringContaining("a-b, x.y")])
    expect(await rig.data("start", { script: "#!/bin/bash\nenv", env })).not.toHaveProperty(
      "warnings"
    )
  })

  test("of a script is run by the interpreter in its first line", async () => {
    await using rig = new Rig()
    await rig.data(
      "start",
      { id: "x", script: `#!${process.execPath}\nconsole.log(typeof Bun.version)\n` },
      ["--wait"]
    )
    expect(JSON.stringify(await rig.data("logs", { id: "x" }))).toContain("string")
    const lost = await rig.task("start", { script: "#!/nowhere/bun\n" }, ["--wait"])
    expect(lost).toMatchObject({
      failure: { type: "NotSpawned", message: expect.stringContaining("/nowhere/bun") }
    })
  })
})

describe("an engine that runs out of descriptors", () => {
  test("starts tasks later that it cannot start now, and none twice", async () => {
    await using rig = new Rig()
    const runs = join(rig.scratch, "runs")
    const tasks = Array.from({ length: 20 }, (_, index) => ({
      id: `t${index}`,
      command: "/bin/sh",
      args: ["-c", `echo ${index} >>${runs}; exec sleep 60`]
    }))
    const script = `ulimit -n 34; exec "${binary}" start '${JSON.stringify(tasks)}'`
    const child = Bun.spawn(["/bin/sh", "-c", script], {
      cwd: rig.scratch,
      env: rig.environment(),
      stdio: ["ignore", "ignore", "inherit"]
    })
    await child.exited
    expect(await rig.data("list", { status: "failed" })).toMatchObject({ total: 0 })
    const refused = JSON.stringify(await rig.data("events", { types: ["task.queued"], limit: 1 }))
    expect(refused).toMatch(/"postponed":\{"times":1,"since":"[^"]+","message":"EMFILE/u)
    const ran = readFileSync(runs, "utf8").trim().split("\n")
    expect(new Set(ran).size).toBe(ran.length)
  })
})
