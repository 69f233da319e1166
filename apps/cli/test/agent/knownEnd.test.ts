/** A stop of an agent that has ended, and whose end is being read. */
import { expect, test } from "bun:test"
import { chmodSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { post, posted } from "../post.ts"
import { Rig } from "../Rig.ts"
import { FakeAgents } from "./FakeAgents.ts"

test("an agent that has finished is not cancelled by a stop while its work tree is read", async () => {
  await using rig = new Rig()
  const agents = new FakeAgents(rig.scratch)
  agents.answer("claude", "success")
  const [asked, hold] = [join(rig.scratch, "asked"), join(rig.scratch, "hold")]
  Bun.spawnSync(["mkfifo", asked, hold])
  const git = join(agents.folder, "git")
  writeFileSync(git, `#!/bin/sh\necho > '${asked}'\ncat '${hold}'\n`)
  chmodSync(git, 0o755)
  await rig.call(["start", '{"id":"x","agent":"claude","prompt":"Do it."}'], { env: agents.env })
  await Bun.spawn(["cat", asked], { stdout: "ignore" }).exited
  const stopped = posted(rig, "stop", { id: "x" }, "stop")
  await post(rig, "status", { id: "x" }, "behind-it")
  writeFileSync(hold, "")
  expect(await stopped).toMatchObject({
    ok: true,
    data: { alreadyEnded: true, task: { id: "x", status: "completed" } }
  })
  expect(await rig.task("status", { id: "x" })).toMatchObject({
    status: "completed",
    result: { text: "Everything is fine." }
  })
})
