/** Loops whose iterations an agent judges, on the binary, with fake agents. */
import { describe, expect, test } from "bun:test"
import { LoopRig } from "./LoopRig.ts"

/** A line of shell by which a fake claude answers a judgement and ends. */
const answers = (judgement: object): string => {
  const result = {
    type: "result",
    subtype: "success",
    is_error: false,
    result: "I looked at it.",
    session_id: "s",
    num_turns: 1,
    total_cost_usd: 0.25,
    usage: { input_tokens: 10, output_tokens: 10 },
    structured_output: judgement
  }
  return `printf '%s\\n' '${JSON.stringify(result)}'; exit 0`
}

/** The same with a score. */
const scores = (score: number): string => answers({ pass: false, score, reason: `worth ${score}` })

const loop = {
  id: "l",
  strategy: "retry",
  prompt: "Write it.",
  agent: "gemini",
  judge: { prompt: "Is it good?", agent: "claude" }
}

describe("a judge", () => {
  test("reads only, and its reason is handed to the next iteration until it is content", async () => {
    await using rig = new LoopRig()
    rig.agents.answer(
      "gemini",
      "success",
      'cp "$HOME/x" /dev/null 2>&1; touch "done$BACKBEAT_ITERATION"'
    )
    const no = answers({ pass: false, reason: "the second file is missing" })
    const yes = answers({ pass: true, reason: "all there" })
    rig.agents.answer("claude", "success", `if [ -e done2 ]; then ${yes}; else ${no}; fi`)
    const ended = await rig.ended(loop)
    expect(ended).toMatchObject({ status: "completed", iterations: 2, costUsd: 0.5 })
    const [first, second] = await rig.iterations("l")
    expect([first?.result, first?.reason]).toEqual(["fail", "the second file is missing"])
    expect(second?.result).toBe("pass")
    expect(rig.agents.prompt("gemini")).toContain("Reason: the second file is missing")
    expect(rig.agents.prompt("claude")).toContain("Is it good?")
    expect(rig.agents.args("claude").join(" ")).toContain("--permission-mode plan")
    expect(rig.agents.args("claude").join(" ")).toContain("--json-schema")
    expect(await rig.task("status", { id: "l.1.eval" })).toMatchObject({
      queue: "agents",
      timeout: 1_800_000,
      permissionMode: "plan"
    })
  }, 30_000)

  test("without output schemas is read by the JSON at the end of its text", async () => {
    await using rig = new LoopRig()
    const text = 'It is fine.\\n```json\\n{"pass": true, "reason": "good"}\\n```'
    const message = `{"type":"message","role":"assistant","content":${JSON.stringify(text).replaceAll("\\\\n", "\\n")},"delta":true}`
    const result = '{"type":"result","status":"success","stats":{"total_tokens":2}}'
    rig.agents.answer("claude", "success")
    rig.agents.answer("gemini", "success", `cat <<'END'\n${message}\n${result}\nEND\nexit 0`)
    const ended = await rig.ended({
      ...loop,
      agent: "claude",
      judge: { prompt: "Is it good?", agent: "gemini" },
      maxIterations: 1
    })
    expect([await rig.iterations("l"), ended.status]).toMatchObject([
      [{ result: "pass", reason: "good" }],
      "completed"
    ])
  }, 30_000)

  test("whose answer cannot be read is a crash, and so is one without a score for optimize", async () => {
    await using rig = new LoopRig()
    rig.agents.answer("gemini", "success")
    rig.agents.answer("claude", "success", answers({ pass: "yes" }))
    const bad = await rig.ended({ ...loop, maxConsecutiveFailures: 1 })
    expect(bad.reason).toContain("the judge did not answer")
    rig.agents.answer("claude", "success", answers({ pass: true, reason: "good" }))
    const ended = await rig.ended({
      ...loop,
      id: "o",
      strategy: "optimize",
      evalDirection: "maximize",
      maxConsecutiveFailures: 1
    })
    expect(ended.reason).toContain('without "score"')
  }, 30_000)

  test("scores, and the best of its scores is kept", async () => {
    await using rig = new LoopRig()
    rig.agents.answer("gemini", "success")
    rig.agents.answer(
      "claude",
      "success",
      `case $BACKBEAT_ITERATION in 1) ${scores(3)};; 2) ${scores(7)};; *) ${scores(5)};; esac`
    )
    const ended = await rig.ended({
      ...loop,
      strategy: "optimize",
      evalDirection: "maximize",
      maxIterations: 3
    })
    expect(ended).toMatchObject({ status: "completed", bestScore: 7, bestIteration: 2 })
    expect(await rig.results("l")).toEqual(["keep", "keep", "discard"])
  }, 30_000)

  test("goes with no exitCondition, and needs an agent that is there", async () => {
    await using rig = new LoopRig()
    rig.agents.answer("gemini", "success")
    const refused = (payload: object) =>
      rig.refusal(["loop", "create", JSON.stringify(payload)], {
        cwd: rig.work,
        env: rig.agents.env
      })
    expect(await refused({ ...loop, exitCondition: "true" })).toMatchObject({
      type: "CommandInputError"
    })
    expect(await refused(loop)).toMatchObject({ type: "AgentUnavailable" })
    expect((await rig.data("loop list"))["total"]).toBe(0)
  })
})

/** The refusal of a payload, in a home of its own. */
const refusedBy = async (payload: object) => {
  await using rig = new LoopRig()
  const full = { strategy: "retry", script: "true", exitCondition: "true", ...payload }
  return await rig.refusal(["loop", "create", JSON.stringify(full)], { cwd: rig.work })
}

describe("a payload of a loop", () => {
  test.each([
    [{ max_iterations: 3 }, "maxIterations"],
    [{ maxIteration: 3 }, "maxIterations"],
    [{ evalDirection: "maximize" }, "evalDirection"],
    [{ strategy: "optimize" }, "evalDirection"],
    [{ patience: 2 }, "patience"],
    [{ prompt: "x" }, "script"],
    [{ steps: ["true"] }, "script"],
    [{ git: { worktree: false } }, "worktree"]
  ])("is refused for %p, and told what is meant", async (payload, named) => {
    const { type, message, details } = await refusedBy(payload)
    expect([type, `${message} ${details.hint}`]).toEqual([
      "CommandInputError",
      expect.stringContaining(named)
    ])
  })

  test("that nothing ends is taken with a warning", async () => {
    await using rig = new LoopRig()
    const created = await rig.data("loop create", {
      strategy: "retry",
      script: "exec sleep 300",
      exitCondition: "true",
      maxIterations: 0
    })
    expect(String(created["warnings"])).toContain("nothing ends this loop but its evaluation")
  })

  test("of steps makes each iteration a pipeline, of which the last task is evaluated", async () => {
    await using rig = new LoopRig()
    const ended = await rig.ended({
      id: "l",
      strategy: "retry",
      steps: [
        "echo one >>log",
        { key: "two", script: "echo $MINE >>log", env: { MINE: "s3cret" } }
      ],
      exitCondition: "echo $BACKBEAT_EVALUATED_TASK_ID; [ $BACKBEAT_ITERATION = 2 ]"
    })
    expect(ended).toMatchObject({
      status: "completed",
      iterations: 2,
      isPipeline: true,
      stepCount: 2
    })
    expect(rig.read("log")).toBe("one\ns3cret\none\ns3cret\n")
    const [first] = await rig.iterations("l")
    expect(first).toMatchObject({ pipelineId: "l.1", evaluation: { lastLines: ["l.1.two"] } })
    const { loop: shown } = await rig.data("loop get", { id: "l", full: true })
    expect(JSON.stringify(shown)).not.toContain("s3cret")
  }, 30_000)

  test("whose id and branch are taken makes no second loop", async () => {
    await using rig = new LoopRig()
    rig.repository({ a: "a" })
    const payload = {
      id: "l",
      strategy: "retry",
      script: "true",
      exitCondition: "true",
      cwd: rig.work,
      git: { worktree: true }
    }
    await rig.callHere("loop create", payload)
    const { document } = await rig.call(["loop", "create", JSON.stringify(payload)])
    expect(document["ok"]).toBe(false)
    expect((await rig.data("loop list"))["total"]).toBe(1)
  })
})
