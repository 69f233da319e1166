/** Loops that try again until an evaluation passes, on the binary, with fake agents. */
import { describe, expect, test } from "bun:test"
import { existsSync } from "node:fs"
import { join } from "node:path"
import { isAlive } from "../processes.ts"
import { LoopRig } from "./LoopRig.ts"

const prompt = { strategy: "retry", prompt: "Make it pass.", agent: "claude" }

describe("a loop of an agent", () => {
  test("ends when the agent has repaired the test at its third try, told each time what the last one came to", async () => {
    await using rig = new LoopRig()
    const { agents, scratch } = rig
    agents.answer(
      "claude",
      "success",
      `cp '${agents.folder}/claude.prompt' '${scratch}/prompt'$BACKBEAT_ITERATION; [ $BACKBEAT_ITERATION -lt 3 ] || touch fixed`
    )
    const loop = await rig.ended({
      ...prompt,
      id: "l",
      exitCondition: "echo checking; [ -e fixed ] || { echo 'expected fixed to be there'; exit 1; }"
    })
    expect(loop).toMatchObject({ status: "completed", iterations: 3, lastResult: "pass" })
    const iterations = await rig.iterations("l")
    expect(iterations.map(({ result, taskId }) => [result, taskId])).toEqual([
      ["fail", "l.1"],
      ["fail", "l.2"],
      ["pass", "l.3"]
    ])
    expect(iterations[0]?.evaluation).toMatchObject({
      taskId: "l.1.eval",
      exitCode: 1,
      lastLines: ["checking", "expected fixed to be there"]
    })
    expect(await Bun.file(join(scratch, "prompt1")).text()).toBe("Make it pass.")
    const second = await Bun.file(join(scratch, "prompt2")).text()
    expect(second).toStartWith("Make it pass.\n\n---\nIteration 1 of this loop: fail.")
    expect(second).toEndWith("checking\nexpected fixed to be there")
    const logs = await rig.data("logs", { id: "l.1.eval" })
    expect(logs["lines"]).toEqual(["checking", "expected fixed to be there"])
  })

  test("fails at its bound when the agent says that it is done and changes nothing", async () => {
    await using rig = new LoopRig()
    rig.repository({ "a.txt": "a\n" })
    rig.agents.answer("claude", "success")
    const loop = await rig.ended({ ...prompt, id: "l", exitCondition: "test -e done" })
    expect(loop).toMatchObject({
      status: "failed",
      iterations: 10,
      reason: "maxIterations 10 was reached; its last 10 iterations changed no tracked file",
      unchangedInRow: 10
    })
    const iterations = await rig.iterations("l")
    expect(new Set(iterations.map(({ result, changed }) => `${result} ${changed}`))).toEqual(
      new Set(["fail false"])
    )
  }, 60_000)

  test.each([
    ["an empty commit each time", "git commit -q --allow-empty -m same", [false, false, false]],
    ["a new time of a file", "touch -d 2001-01-0$BACKBEAT_ITERATION a.txt", [false, false, false]],
    [
      "one text and the other in turn",
      "echo $((BACKBEAT_ITERATION % 2)) >a.txt",
      [true, true, true]
    ]
  ])("is told to change something by content: %s", async (_, act, changed) => {
    await using rig = new LoopRig()
    rig.repository({ "a.txt": "a\n" })
    rig.git(["config", "user.email", "a@b"])
    rig.git(["config", "user.name", "a"])
    rig.agents.answer("claude", "success", act)
    await rig.ended({ ...prompt, id: "l", exitCondition: "false", maxIterations: 3 })
    const iterations = await rig.iterations("l")
    expect(iterations.map((each) => each.changed)).toEqual(changed)
  })

  test("fails after three agents that did no work at all", async () => {
    await using rig = new LoopRig()
    rig.repository({ "a.txt": "a\n" })
    const empty = `printf '%s\\n' '{"type":"result","subtype":"success","is_error":false,"result":"","session_id":"s","num_turns":0,"total_cost_usd":0,"usage":{"input_tokens":0,"output_tokens":0}}'; exit 0`
    rig.agents.answer("claude", "success", empty)
    const loop = await rig.ended({ ...prompt, id: "l", exitCondition: "false" })
    expect(loop.status).toBe("failed")
    expect(loop.reason).toContain("3 crashes in a row (maxConsecutiveFailures 3)")
    expect(loop.reason).toContain("ended without a result")
  })

  test("waits for a usage limit and counts nothing", async () => {
    await using rig = new LoopRig()
    rig.agents.answer("claude", "rate-limit-429-final")
    await rig.loop("loop create", { ...prompt, id: "l", exitCondition: "true" })
    await rig.data("wait", { id: "l.1" })
    const loop = await rig.loop("loop get", { id: "l" })
    expect(loop).toMatchObject({
      status: "running",
      iterations: 0,
      waitsFor: { for: "usageLimit" }
    })
    rig.agents.answer("claude", "success")
    await rig.loop("loop pause", { id: "l" })
    await rig.loop("loop resume", { id: "l" })
    await rig.data("wait", { loopId: "l" })
    expect((await rig.iterations("l")).map(({ result, taskId }) => [result, taskId])).toEqual([
      ["pass", "l.1-2"]
    ])
  })
})

describe("an evaluation", () => {
  const script = { strategy: "retry", script: "true" }

  test("that cannot be run is a crash, and three of them end the loop", async () => {
    await using rig = new LoopRig()
    const loop = await rig.ended({ ...script, id: "l", exitCondition: "npm-not-there test" })
    expect(loop).toMatchObject({ status: "failed", iterations: 3 })
    expect(await rig.results("l")).toEqual(["crash", "crash", "crash"])
  })

  test("that takes too long is a crash, and all that it started is killed", async () => {
    await using rig = new LoopRig()
    const exitCondition =
      "setsid sh -c 'echo $$ >>pids; exec sleep 300' & echo $$ >>pids; sleep 300"
    await rig.ended({ ...script, id: "l", exitCondition, evalTimeout: 1000, maxIterations: 1 })
    expect((await rig.iterations("l"))[0]).toMatchObject({
      result: "crash",
      reason: "its evaluation timed out after 1000 ms"
    })
    const pids = rig.read("pids").trim().split("\n").map(Number)
    expect(pids.map((pid) => isAlive(pid))).toEqual([false, false])
  }, 30_000)

  test("has the variables of its loop, and those of the iteration", async () => {
    await using rig = new LoopRig()
    await rig.ended({
      strategy: "retry",
      script: "echo out; env | grep ^BACKBEAT_ | sort >work$BACKBEAT_ITERATION",
      id: "l",
      exitCondition:
        "env | grep ^BACKBEAT_ | sort >eval$BACKBEAT_ITERATION; cat $BACKBEAT_EVALUATED_STDOUT >seen; [ $BACKBEAT_ITERATION = 2 ]",
      env: { MINE: "1" }
    })
    const work = rig.read("work2")
    expect(work).toContain("BACKBEAT_LOOP_ID=l\n")
    expect(work).toContain("BACKBEAT_LAST_RESULT=fail\n")
    expect(work).toMatch(/BACKBEAT_LAST_EVAL=.*l\.1\.eval\/1\/stdout\.log\n/u)
    expect(rig.read("eval2")).toContain("BACKBEAT_EVALUATED_TASK_ID=l.2\n")
    expect(rig.read("seen")).toBe("out\n")
  })

  test("and the work of the loop are listed with the loop only", async () => {
    await using rig = new LoopRig()
    await rig.ended({ ...script, id: "l", exitCondition: "true" })
    const ids = async (payload: object) => {
      const { tasks } = await rig.data("list", payload)
      return Array.isArray(tasks) ? tasks.map(({ id }: { id: string }) => id) : []
    }
    expect(await ids({})).toEqual(["l.1"])
    expect(await ids({ loopId: "l" })).toEqual(["l.1.eval", "l.1"])
  })
})

describe("what somebody does to a part of a loop by hand", () => {
  const waiting = { strategy: "retry", script: "exec sleep 300", exitCondition: "true" }

  test("moves it on: a stopped iteration counts, and is not evaluated", async () => {
    await using rig = new LoopRig()
    await rig.loop("loop create", { ...waiting, id: "l", maxIterations: 2 })
    await rig.data("stop", { id: "l.1" })
    expect(await rig.loop("loop get", { id: "l" })).toMatchObject({
      status: "running",
      waitsFor: { for: "iteration", number: 2, id: "l.2" }
    })
    await rig.data("prune", { ids: ["l.1"] })
    await rig.data("stop", { id: "l.2" })
    expect(await rig.loop("loop get", { id: "l" })).toMatchObject({
      status: "failed",
      iterations: 2
    })
    expect(await rig.results("l")).toEqual(["stopped", "stopped"])
  })

  test("moves it on: an iteration that is started again by its id ends as one", async () => {
    await using rig = new LoopRig()
    await rig.loop("loop create", { ...waiting, id: "l" })
    await rig.data("start", { id: "l.1", script: "true", ifRunning: "restart" })
    await rig.data("wait", { loopId: "l" })
    expect(await rig.results("l")).toEqual(["pass"])
  })

  test("changes nothing of an iteration that is over", async () => {
    await using rig = new LoopRig()
    const script = "[ $BACKBEAT_ITERATION = 1 ] || exec sleep 300"
    await rig.loop("loop create", {
      strategy: "retry",
      script,
      id: "l",
      exitCondition: "[ $BACKBEAT_ITERATION = 2 ]"
    })
    await rig.data("wait", { id: "l.1" })
    await rig.data("wait", { id: "l.1.eval" })
    await rig.data("restart", { id: "l.1" })
    await rig.data("wait", { id: "l.1" })
    expect(await rig.loop("loop get", { id: "l" })).toMatchObject({
      status: "running",
      waitsFor: { id: "l.2" }
    })
  })

  test("is a crash when it is the evaluation that is stopped", async () => {
    await using rig = new LoopRig()
    await rig.loop("loop create", {
      strategy: "retry",
      script: "true",
      id: "l",
      exitCondition: "exec sleep 300",
      maxIterations: 1
    })
    await rig.data("wait", { id: "l.1" })
    await rig.data("stop", { id: "l.1.eval" })
    expect((await rig.iterations("l"))[0]).toMatchObject({
      result: "crash",
      reason: "its evaluation was stopped"
    })
  })
})

describe("a loop that somebody pauses or cancels", () => {
  const gated = {
    strategy: "retry",
    script: "until [ -e gate ]; do sleep 0.01; done",
    exitCondition: "exit 1"
  }

  test("is paused once its iteration has ended and was evaluated", async () => {
    await using rig = new LoopRig()
    await rig.loop("loop create", { ...gated, id: "l" })
    expect(await rig.loop("loop pause", { id: "l" })).toMatchObject({ status: "pausing" })
    rig.write("gate", "")
    await rig.data("wait", { id: "l.1" })
    await rig.data("wait", { id: "l.1.eval" })
    expect(await rig.loop("loop get", { id: "l" })).toMatchObject({
      status: "paused",
      waitsFor: { for: "resume" }
    })
    expect(await rig.results("l")).toEqual(["fail"])
  })

  test("is paused by force when its iteration has been stopped", async () => {
    await using rig = new LoopRig()
    await rig.loop("loop create", { ...gated, id: "l" })
    expect(await rig.loop("loop pause", { id: "l", force: true, reason: "later" })).toMatchObject({
      status: "paused",
      stopped: { reason: "later" }
    })
    expect(await rig.results("l")).toEqual(["stopped"])
    expect(await rig.loop("loop resume", { id: "l" })).toMatchObject({
      status: "running",
      waitsFor: { id: "l.2" }
    })
  })

  test("has ended with its iteration when the cancellation returns", async () => {
    await using rig = new LoopRig()
    await rig.loop("loop create", { ...gated, id: "l" })
    const loop = await rig.loop("loop cancel", { id: "l", reason: "enough" })
    expect(loop).toMatchObject({ status: "cancelled", reason: "enough" })
    expect(await rig.task("status", { id: "l.1" })).toMatchObject({ status: "cancelled" })
  })

  test("lets its iteration run on when that is asked for", async () => {
    await using rig = new LoopRig()
    await rig.loop("loop create", { ...gated, id: "l" })
    expect(await rig.loop("loop cancel", { id: "l", cancelTasks: false })).toMatchObject({
      status: "cancelled"
    })
    expect(await rig.task("status", { id: "l.1" })).toMatchObject({ status: "running" })
  })

  test("says what it waits for and what ends it", async () => {
    await using rig = new LoopRig()
    await rig.loop("loop create", { ...gated, id: "l", maxIterations: 5 })
    const why = await rig.data("why", { id: "l" })
    expect(why).toMatchObject({
      status: "running",
      because: [{ what: "it waits for the end of iteration 1, l.1" }]
    })
    expect(String(why["next"])).toContain("iteration 5 is over (0 are)")
    expect(existsSync(join(rig.work, "gate"))).toBe(false)
  })
})
