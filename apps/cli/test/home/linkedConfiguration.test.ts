/** A configuration file that is a symbolic link, as people keep who keep their settings elsewhere. */
import { expect, test } from "bun:test"
import { lstatSync, mkdirSync, readdirSync, readFileSync, symlinkSync } from "node:fs"
import { join } from "node:path"
import { Rig } from "../Rig.ts"

test("a change replaces the target of the link, and keeps the link", async () => {
  await using rig = new Rig()
  await rig.data("list")
  const dotfiles = join(rig.scratch, "dotfiles")
  mkdirSync(dotfiles)
  const [link, target] = [join(rig.home, "config.json"), join(dotfiles, "bb.json")]
  // First to another link, and to a file that is not there yet.
  symlinkSync("../dotfiles/link.json", link)
  symlinkSync("bb.json", join(dotfiles, "link.json"))
  await rig.data("config set", { key: "maxDepth", value: 3 })
  expect(JSON.parse(readFileSync(target, "utf8"))).toEqual({ maxDepth: 3 })
  await rig.data("queue set", { queue: "builds", concurrency: 2 })
  expect(JSON.parse(readFileSync(target, "utf8"))).toEqual({
    maxDepth: 3,
    queues: { builds: { concurrency: 2 } }
  })
  await rig.data("config reset")
  expect(JSON.parse(readFileSync(target, "utf8"))).toEqual({})
  expect(lstatSync(link).isSymbolicLink()).toBe(true)
  expect(readdirSync(dotfiles).toSorted()).toEqual(["bb.json", "link.json"])
})

test("a circular link is reported and not changed", async () => {
  await using rig = new Rig()
  await rig.data("list")
  const link = join(rig.home, "config.json")
  symlinkSync("config.json", link)
  expect(await rig.refusal(["config", "set", '{"key":"maxDepth","value":3}'])).toMatchObject({
    type: "ConfigInvalid",
    message: expect.stringContaining(link)
  })
  expect(lstatSync(link).isSymbolicLink()).toBe(true)
})
