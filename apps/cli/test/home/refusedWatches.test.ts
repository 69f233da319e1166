/** A home whose engine gets no inotify watch: later, but never missed. */
import { describe, expect, test } from "bun:test"
import { type Calling, Rig } from "../Rig.ts"
import { binary } from "../binary.ts"

/** Calls are made in a user namespace of their own, in which the system grants no watch. So their engines have none. */
class UnwatchedRig extends Rig {
  readonly #limit: string

  constructor(limit: string) {
    super()
    this.#limit = limit
  }

  override spawn(args: ReadonlyArray<string>, { cwd = this.scratch, env, stdin }: Calling = {}) {
    const refuse = `echo 0 >/proc/sys/user/${this.#limit} && exec "$0" "$@"`
    return Bun.spawn(["unshare", "-Ur", "/bin/sh", "-c", refuse, binary, ...args], {
      cwd,
      env: this.environment(env),
      stdin: stdin === undefined ? "ignore" : new Blob([stdin]),
      stdout: "pipe",
      stderr: "pipe"
    })
  }
}

for (const limit of ["max_inotify_watches", "max_inotify_instances"]) {
  describe(`with ${limit} used up`, () => {
    test.concurrent("lines are read as they come, and another engine takes over and detects the end", async () => {
      await using rig = new UnwatchedRig(limit)
      await rig.data("start", {
        id: "t",
        stdin: "open",
        script: "echo listening; read go; setsid sleep 60 & exit 4",
        readyWhen: { log: "listening", startupTimeoutMs: 20_000 }
      })
      await rig.data("wait", { id: "t", for: { log: "listening" } })
      await rig.killEngine()
      expect((await rig.task("status", { id: "t" }))["status"]).toBe("running")
      await rig.data("send", { id: "t", text: "go\n" })
      expect(await rig.task("wait", { id: "t" })).toMatchObject({ status: "failed", exitCode: 4 })
    })

    test.concurrent("start and wait warn about it", async () => {
      await using rig = new UnwatchedRig(limit)
      const warnings = [expect.stringContaining("the system rejects file watches")]
      expect(await rig.data("start", { id: "t", script: "echo up; sleep 60" })).toMatchObject({
        warnings
      })
      expect(await rig.data("wait", { id: "t", for: { log: "up" } })).toMatchObject({ warnings })
      const { error } = Object(await rig.call(["wait", '{"id":"t","timeout":0}'])).document
      expect(error).toMatchObject({ type: "TaskWaitTimedOut", details: { warnings } })
      expect(await rig.data("stop", { id: "t" })).toMatchObject({ left: [] })
      for (const payload of [{ id: "t" }, { ids: ["t"] }]) {
        const { stdout } = await rig.call(["wait", JSON.stringify(payload)])
        expect(JSON.parse(stdout)).toMatchObject({ data: { warnings } })
      }
    })

    test.concurrent("doctor and why report it", async () => {
      await using rig = new UnwatchedRig(limit)
      await rig.data("start", { id: "t", command: "sleep", args: ["60"] })
      expect(JSON.stringify(await rig.data("doctor"))).toContain("the system rejects file watches")
      expect(JSON.stringify(await rig.data("why", { id: "t" }))).toContain(
        "rejects a watch on its output"
      )
    })
  })
}
