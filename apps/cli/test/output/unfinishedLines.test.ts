/** A prompt, a progress bar or a message has no newline, and is matched all the same. */
import { describe, expect, test } from "bun:test"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { Rig } from "../Rig.ts"

describe("an incomplete last line", () => {
  test("makes a task ready and ends a wait when it is idle", async () => {
    await using rig = new Rig()
    const script = "printf '10 %%\\r50 %%\\rListening on 3000'; cat"
    await rig.data("start", {
      id: "server",
      script,
      stdin: "open",
      readyWhen: { log: "^Listening on \\d+$", startupTimeoutMs: 20_000 }
    })
    expect(
      await rig.task("wait", { id: "server", for: "ready" }, ["--timeout", "20"])
    ).toMatchObject({ health: "ready" })
    expect(
      await rig.task("wait", { id: "server", for: { log: "^Listening on 3000$" } }, [
        "--timeout",
        "20"
      ])
    ).toMatchObject({ id: "server" })
  })

  test("is notified by onLog when it is idle", async () => {
    await using rig = new Rig()
    const told = join(rig.scratch, "told")
    const notify = {
      onLog: ">>>",
      command: `printf '%s\\n' "$BACKBEAT_LINE" >>${told}; kill -s USR1 $BACKBEAT_TEST_PID`
    }
    const heard = new Promise<void>((resolve) => process.once("SIGUSR1", () => resolve()))
    const env = { BACKBEAT_TEST_PID: String(process.pid) }
    await rig.data("start", {
      id: "repl",
      script: "printf '>>> '; read line; echo; cat",
      stdin: "open",
      notify,
      env
    })
    await heard
    expect(readFileSync(told, "utf8")).toBe(">>> \n")
  })
})
