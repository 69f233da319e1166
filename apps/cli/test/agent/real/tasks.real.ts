/** Agent tasks of backbeat with the real CLIs, which ask a model on this machine. */
import { describe, expect, test } from "bun:test"
import { mkdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { Rig } from "../../Rig.ts"
import { isAlive, markedProcesses } from "../../processes.ts"
import type { Script } from "../model/MockModel.ts"
import { MockModel } from "../model/MockModel.ts"
import { type MockedAgent, mockedAgents, setUp } from "../setUp.ts"

/** Fewer tries than the minutes that some agents take before they give an error up. */
const impatient: Readonly<Record<string, string>> = { CLAUDE_CODE_MAX_RETRIES: "1" }

const stage = async (agent: MockedAgent, script: Script) => {
  const rig = new Rig()
  const model = new MockModel(script)
  const work = join(rig.scratch, "work")
  const home = join(rig.scratch, "person")
  mkdirSync(work)
  mkdirSync(home)
  await Bun.spawn(["git", "init", "-q", "-b", "main", work]).exited
  const env = { ...setUp(agent, { url: model.url, home }), ...impatient }
  const call = (args: ReadonlyArray<string>) => rig.call(args, { env, cwd: work })
  const start = async (payload: object) => {
    const called = await call([
      "start",
      JSON.stringify({
        prompt: "Do what the test says.",
        agent: agent.name,
        full: true,
        ...payload
      }),
      "--wait",
      "--timeout",
      "100"
    ])
    return called.document["data"]
  }
  return {
    rig,
    model,
    work,
    call,
    start,
    async [Symbol.asyncDispose]() {
      await model.stop()
      await rig[Symbol.asyncDispose]()
    }
  }
}

/** The processes of tasks that live in the home; the engine is none of them. */
const tasksLeft = (rig: Rig): ReadonlyArray<number> =>
  markedProcesses(rig.home).filter((pid) =>
    readFileSync(`/proc/${pid}/environ`, "latin1").includes("BACKBEAT_TASK_ID=")
  )

describe.each(mockedAgents.map((agent) => ({ name: agent.name, agent })))(
  "a task of $name, the real one,",
  ({ agent }) => {
    test("has the result that the model gave", async () => {
      await using on = await stage(agent, {
        answers: [{ kind: "text", text: "The river is wide." }]
      })
      expect(await on.start({ id: "x" })).toMatchObject({
        task: {
          status: "completed",
          exitCode: 0,
          result: {
            text: "The river is wide.",
            isError: false,
            sessionId: expect.stringMatching(/./u)
          }
        }
      })
      const { lines } = await on.rig.data("logs", { id: "x", stream: "stdout" })
      expect(lines).toContain("The river is wide.")
      expect(tasksLeft(on.rig)).toEqual([])
    })

    test("writes a file, which its checkpoint names, and another goes on from it", async () => {
      await using on = await stage(agent, {})
      const path = join(on.work, "made.txt")
      await using model = new MockModel({
        answers: [agent.writes(path, "made\n"), { kind: "text", text: "It is written." }]
      })
      const env = setUp(agent, { url: model.url, home: join(on.rig.scratch, "person") })
      const payload = [
        { id: "write", prompt: "Write a file.", agent: agent.name },
        { id: "review", prompt: "Review it.", agent: agent.name, continueFrom: "write" }
      ]
      await on.rig.call(["start", JSON.stringify(payload)], { env, cwd: on.work })
      expect(await on.rig.task("wait", { id: "review", timeout: 100_000 })).toMatchObject({
        status: "completed"
      })
      expect(readFileSync(path, "utf8")).toBe("made\n")
      expect(await on.rig.data("status", { id: "write", checkpoint: true })).toMatchObject({
        checkpoint: {
          git: { branch: "main", dirty: ["made.txt"] },
          result: { text: "It is written." }
        }
      })
      const { lines } = await on.rig.data("logs", { id: "write", stream: "stdout" })
      expect(String(lines)).toMatch(/> \S+: .*made\.txt/u)
      const asked = JSON.stringify(model.questions.at(-1)?.body)
      for (const part of ["Review it.", "It is written.", "made.txt"]) expect(asked).toContain(part)
    })

    test("has failed when the model refuses the request, and says so", async () => {
      await using on = await stage(agent, {
        afterwards: { kind: "refuse", status: 400, message: "The request is malformed." }
      })
      expect(await on.start({ id: "x" })).toMatchObject({
        task: {
          status: "failed",
          failure: { type: "AgentError", kind: "error", message: expect.stringMatching(/./u) }
        }
      })
    })

    test("has failed with the kind auth when the key is refused", async () => {
      await using on = await stage(agent, {
        afterwards: { kind: "refuse", status: 401, message: "The key is not valid." }
      })
      expect(await on.start({ id: "x" })).toMatchObject({
        task: {
          status: "failed",
          failure: { type: "AgentError", kind: "auth", hint: expect.stringMatching(/./u) }
        }
      })
    })

    test("has stalled when the model never answers, and nothing of it is left", async () => {
      await using on = await stage(agent, { afterwards: { kind: "stall" } })
      expect(await on.start({ id: "x", stallTimeoutMs: 6000, gracePeriodMs: 2000 })).toMatchObject({
        task: { status: "failed", failure: { type: "StalledOutput" } }
      })
      expect(tasksLeft(on.rig)).toEqual([])
    })

    test("is stopped in mid-turn with what its tools have started, also in sessions of their own", async () => {
      await using on = await stage(agent, { afterwards: { kind: "stall" } })
      const ready = join(on.work, "ready")
      await Bun.spawn(["mkfifo", ready]).exited
      await using model = new MockModel({
        answers: [agent.runs(`echo $$ > '${ready}'; exec sleep 86`)],
        afterwards: { kind: "stall" }
      })
      // claude does nothing without checks as root, unless it is told that this is a sandbox.
      const env = {
        ...setUp(agent, { url: model.url, home: join(on.rig.scratch, "person") }),
        IS_SANDBOX: "1"
      }
      await on.rig.call(
        [
          "start",
          JSON.stringify({
            id: "x",
            prompt: "p",
            agent: agent.name,
            permissionMode: "full",
            gracePeriodMs: 2000
          })
        ],
        { env, cwd: on.work }
      )
      const pid = Number(await new Response(Bun.file(ready).stream()).text())
      expect(isAlive(pid)).toBe(true)
      expect(await on.rig.task("stop", { id: "x" })).toMatchObject({ status: "cancelled" })
      expect(isAlive(pid)).toBe(false)
      expect(tasksLeft(on.rig)).toEqual([])
    })

    test("is resumed in its own session, where the model knows what was said before", async () => {
      await using on = await stage(agent, {
        answers: [
          { kind: "text", text: "The river is wide." },
          { kind: "text", text: "As I said." }
        ]
      })
      await on.start({ id: "first" })
      const resumed = await on.call([
        "resume",
        '{"id":"first","additionalContext":"How wide is it?","full":true}',
        "--wait",
        "--timeout",
        "100"
      ])
      expect(resumed.document).toMatchObject({
        data: {
          task: {
            status: "completed",
            retryOf: "first",
            parentTaskId: "first",
            result: { text: "As I said." }
          }
        }
      })
      const asked = JSON.stringify(on.model.questions.filter(({ aside }) => !aside).at(-1)?.body)
      for (const part of ["The river is wide.", "How wide is it?"]) expect(asked).toContain(part)
    })
  }
)
