/** Telling others what has become of a task. */
import { describe, expect, test } from "bun:test"
import { readFileSync, watch, writeFileSync } from "node:fs"
import { join } from "node:path"
import { Rig } from "../Rig.ts"

/** A webhook that keeps what is posted to it; the first answers have the statuses given. */
const listen = (...statuses: ReadonlyArray<number>) => {
  const received: Array<unknown> = []
  const waiting: Array<() => void> = []
  let calls = 0
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: async (request) => {
      const status = statuses[calls++] ?? 204
      if (status < 400) received.push(await request.json())
      for (const wake of waiting.splice(0)) wake()
      return new Response(null, { status })
    }
  })
  return {
    url: `http://127.0.0.1:${server.port}/hook`,
    received,
    calls: () => calls,
    until: async (count: number) => {
      while (received.length < count) await new Promise<void>((resolve) => waiting.push(resolve))
    },
    [Symbol.dispose]: () => void server.stop(true)
  }
}

/** Ends when a file in the folder has a whole line. */
const lineOf = (folder: string, name: string): Promise<string> =>
  new Promise((resolve) => {
    const look = () => {
      try {
        const text = readFileSync(join(folder, name), "utf8")
        if (!text.endsWith("\n")) return
        watcher.close()
        resolve(text.trim())
      } catch {
        // It is not there yet.
      }
    }
    const watcher = watch(folder, look)
    look()
  })

describe("notify", () => {
  test("posts the end, the readiness and the matching line", async () => {
    await using rig = new Rig()
    using hook = listen()
    const script = "echo listening; read go; echo an error: x; exit 3"
    const notify = { onEnd: true, onReady: true, onLog: "error: (x|y)", webhook: hook.url }
    await rig.data("start", {
      id: "x",
      script,
      stdin: "open",
      readyWhen: { log: "listening" },
      notify
    })
    await hook.until(1)
    await rig.data("send", { id: "x", text: "go\n" })
    await hook.until(3)
    const facts = {
      taskId: "x",
      attempt: 1,
      exitCode: null,
      failure: null,
      line: null,
      suppressed: 0
    }
    expect(
      hook.received.toSorted((one, two) => JSON.stringify(one).localeCompare(JSON.stringify(two)))
    ).toEqual([
      { ...facts, event: "end", status: "failed", exitCode: 3, failure: "exited with code 3" },
      { ...facts, event: "log", status: "running", line: "an error: x" },
      { ...facts, event: "ready", status: "running" }
    ])
  })

  test("includes the last line of a task, even if the task ends right after it", async () => {
    await using rig = new Rig()
    using hook = listen()
    const payloads = Array.from({ length: 15 }, (_, index) => ({
      id: `n${index}`,
      script: `sleep 0.${200 + index * 7}; echo "error ${index}"; exit 1`,
      notify: { onLog: "^error", webhook: hook.url }
    }))
    await rig.data("start", payloads, ["--wait"])
    await hook.until(payloads.length)
  })

  test("notifies when a task is ready and keeps running", async () => {
    await using rig = new Rig()
    using hook = listen()
    await rig.data("start", {
      id: "x",
      script: "echo listening; sleep 60",
      readyWhen: { log: "listening" },
      notify: { onReady: true, webhook: hook.url }
    })
    await hook.until(1)
    expect(hook.received).toEqual([
      {
        event: "ready",
        taskId: "x",
        status: "running",
        attempt: 1,
        exitCode: null,
        failure: null,
        line: null,
        suppressed: 0
      }
    ])
    await rig.data("stop", { id: "x" })
    expect(hook.received).toHaveLength(1)
  })

  test("notifies of a cancellation too, and retries a failed webhook", async () => {
    await using rig = new Rig()
    using hook = listen(500)
    await rig.data("start", {
      id: "x",
      script: "sleep 60",
      notify: { onEnd: true, webhook: hook.url }
    })
    await rig.data("stop", { id: "x" })
    await hook.until(1)
    expect(hook.received).toMatchObject([
      { event: "end", taskId: "x", status: "cancelled", failure: null }
    ])
    expect(hook.calls()).toBe(2)
  })

  test("runs a command with the facts in its environment, in the task's folder", async () => {
    await using rig = new Rig()
    const told =
      '"$BACKBEAT_EVENT|$BACKBEAT_TASK_ID|$BACKBEAT_STATUS|$BACKBEAT_EXIT_CODE|$BACKBEAT_FAILURE|$OWN"'
    await rig.data(
      "start",
      {
        id: "x",
        script: "exit 5",
        env: { OWN: "mine" },
        notify: { command: `echo ${told} >told` }
      },
      ["--wait"]
    )
    expect(await lineOf(rig.scratch, "told")).toBe("end|x|failed|5|exited with code 5|mine")
  })

  test("does not run an output line as a command", async () => {
    await using rig = new Rig()
    const script = String.raw`echo 'hit $(touch owned) ; touch owned'`
    await rig.data(
      "start",
      {
        id: "x",
        script,
        notify: { onLog: "hit", command: 'printf "%s\\n" "$BACKBEAT_LINE" >told' }
      },
      ["--wait"]
    )
    expect(await lineOf(rig.scratch, "told")).toBe("hit $(touch owned) ; touch owned")
    expect(await Bun.file(join(rig.scratch, "owned")).exists()).toBe(false)
  })

  test("runs one command at a time for the lines of a task, and reports how many lines it skipped", async () => {
    await using rig = new Rig()
    const go = join(rig.scratch, "go")
    expect(Bun.spawnSync(["mkfifo", go]).exitCode).toBe(0)
    // Each command stays until it is let go on by the FIFO.
    const command = `echo "$BACKBEAT_LINE $BACKBEAT_SUPPRESSED" >>lines; read on <go; echo over >>lines`
    await rig.data("start", {
      id: "x",
      script: "seq 1 1500; echo done; sleep 60",
      notify: { onLog: ".", command }
    })
    await rig.data("wait", { id: "x", for: { log: "^done$" } })
    const lines = (): ReadonlyArray<string> =>
      readFileSync(join(rig.scratch, "lines"), "utf8").split("\n").slice(0, -1)
    expect(lines()).toEqual(["1 0"])
    for (
      let overs = 1;
      lines().at(-1) !== "over" || !lines().some((line) => line.startsWith("done "));
      overs++
    ) {
      writeFileSync(go, "on\n")
      while (lines().filter((line) => line === "over").length < overs) await Bun.sleep(1)
    }
    const told = lines()
      .filter((line) => line !== "over")
      .map((line) => line.split(" "))
    // A command begins when the one before it is over, and no line is lost from the count.
    expect(
      lines()
        .filter((_, index) => index % 2 === 1)
        .every((line) => line === "over")
    ).toBe(true)
    expect(told.length + told.reduce((sum, [, suppressed]) => sum + Number(suppressed), 0)).toBe(
      1501
    )
    expect(told.length).toBeLessThan(20)
  })

  test("reports a pattern that is too slow for the output, instead of staying silent", async () => {
    await using rig = new Rig()
    using hook = listen()
    await rig.data("start", {
      id: "x",
      script: `echo ${"a".repeat(60)}!; sleep 60`,
      notify: { onLog: "(a+)+$", webhook: hook.url }
    })
    await hook.until(1)
    expect(hook.received).toMatchObject([
      { event: "log", taskId: "x", line: null, failure: expect.stringContaining("is too slow") }
    ])
  })

  test("is rejected without a target or with an invalid one", async () => {
    await using rig = new Rig()
    for (const notify of [
      { onEnd: true },
      {},
      { webhook: "ftp://x" },
      { command: "true", onLog: "(" }
    ]) {
      expect(
        await rig.refusal(["start", JSON.stringify({ command: "true", notify })])
      ).toMatchObject({ type: "CommandInputError" })
    }
  })

  test("does not delay or fail a task when it fails itself", async () => {
    await using rig = new Rig()
    const notify = { command: "exit 1", webhook: "http://127.0.0.1:1/nobody" }
    expect(await rig.task("start", { command: "true", notify }, ["--wait"])).toMatchObject({
      status: "completed",
      failure: null
    })
  })
})
