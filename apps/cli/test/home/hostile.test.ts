/** A folder that somebody else has filled: calling backbeat in it runs and reads nothing of it. */
import { expect, test } from "bun:test"
import { chmodSync, existsSync, mkdirSync, readlinkSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { Rig } from "../Rig.ts"

/** Whatever of this is run leaves a trace. */
const fill = (folder: string): void => {
  const trap = `require("node:fs").writeFileSync(${JSON.stringify(join(folder, "owned"))}, "")`
  mkdirSync(join(folder, "node_modules", ".bin"), { recursive: true })
  mkdirSync(join(folder, "node_modules", "effect"), { recursive: true })
  const files = {
    "bunfig.toml":
      'preload = ["./trap.js"]\n[run]\npreload = ["./trap.js"]\n[test]\npreload = ["./trap.js"]\n',
    "trap.js": trap,
    ".env":
      "TRAPPED=1\nBACKBEAT_HOME=./theirs\nNODE_OPTIONS=--require=./trap.js\nBUN_OPTIONS=--preload=./trap.js\n",
    ".env.local": "TRAPPED=1\n",
    ".env.production": "TRAPPED=1\n",
    "package.json":
      '{"name":"trap","scripts":{"start":"touch owned","list":"touch owned"},"imports":{"#x":"./trap.js"}}',
    "tsconfig.json": '{"compilerOptions":{"paths":{"*":["./trap.js"]}}}',
    ".npmrc": "registry=http://127.0.0.1:1/\n",
    "node_modules/effect/package.json":
      '{"name":"effect","main":"../../trap.js","exports":{"./*":"../../trap.js"}}',
    "config.json": '{"maxLive":1,"retentionDays":1}',
    "engine-role": trap,
    sh: "#!/bin/sh\ntouch owned\n",
    "node_modules/.bin/sh": "#!/bin/sh\ntouch owned\n",
    "node_modules/.bin/env": "#!/bin/sh\ntouch owned\n"
  }
  for (const [name, text] of Object.entries(files)) {
    writeFileSync(join(folder, name), text)
    chmodSync(join(folder, name), 0o755)
  }
}

test("a hostile folder does not affect what a call does", async () => {
  await using rig = new Rig()
  const cwd = join(rig.scratch, "repository")
  fill(cwd)
  for (const args of [
    ["help"],
    ["capabilities"],
    ["list"],
    ["doctor"],
    ["config", "show"],
    ["nonsense"],
    ["engine", "status"]
  ]) {
    await rig.call(args, { cwd })
  }
  const started = await rig.call(["start", '{"id":"x","command":"env","full":true}', "--wait"], {
    cwd
  })
  expect(started.document).toMatchObject({ ok: true, data: { task: { status: "completed", cwd } } })
  await rig.call(["start", '{"id":"y","script":"env","readyWhen":{"command":"true"}}'], { cwd })
  expect(await rig.task("wait", { id: "y" })).toMatchObject({ status: "completed" })
  const { lines } = await rig.data("logs", { id: "x" })
  expect(String(lines)).not.toContain("TRAPPED")
  expect(await rig.data("config show")).toMatchObject({ config: { retentionDays: 7 } })
  expect(existsSync(join(cwd, "owned"))).toBe(false)
  expect(existsSync(join(cwd, "theirs"))).toBe(false)
})

test("an engine started in a hostile folder inherits nothing from it", async () => {
  await using rig = new Rig()
  const cwd = join(rig.scratch, "repository")
  fill(cwd)
  await rig.call(["list"], { cwd, env: { LD_PRELOAD: undefined, BUN_OPTIONS: undefined } })
  const pid = await rig.enginePid()
  if (existsSync(`/proc/${pid}/cwd`)) expect(readlinkSync(`/proc/${pid}/cwd`)).toBe("/")
  expect(existsSync(join(cwd, "owned"))).toBe(false)
})
