/** The engine is killed between the steps of pipelines: each step runs once, and each pipeline ends once. */
import { describe, expect, test } from "bun:test"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { eventsOf, pipelineOf, statusesOf } from "../PipelineShown.ts"
import { Rig } from "../Rig.ts"

const linesOf = (path: string): ReadonlyArray<string> =>
  readFileSync(path, "utf8").trimEnd().split("\n")

describe("an engine that is killed", () => {
  test("while a step runs continues with the next step, even if the step ended without an engine", async () => {
    await using rig = new Rig()
    const steps = [
      { script: "echo one >> ran; read word < go" },
      { script: "echo two >> ran" },
      { script: "echo three >> ran", delayMs: 50 }
    ]
    Bun.spawnSync(["mkfifo", join(rig.scratch, "go")])
    await rig.data("pipeline create", { id: "p", cwd: rig.scratch, steps })
    await rig.killEngine()
    await Bun.write(join(rig.scratch, "go"), "on\n")
    const ended = pipelineOf(await rig.data("wait", { pipelineId: "p" }))
    expect([ended.status, ...statusesOf(ended)]).toEqual([
      "completed",
      "completed",
      "completed",
      "completed"
    ])
    expect(linesOf(join(rig.scratch, "ran"))).toEqual(["one", "two", "three"])
    expect(ended.tasks.map(({ attempt }) => attempt)).toEqual([1, 1, 1])
  })

  test("during the delay of a step starts it after the delay", async () => {
    await using rig = new Rig()
    await rig.data("pipeline create", {
      id: "p",
      steps: [{ command: "true" }, { command: "true", delayMs: 400 }]
    })
    await rig.data("wait", { id: "p.1" })
    await rig.killEngine()
    const ended = pipelineOf(await rig.data("wait", { pipelineId: "p" }))
    const [one, two] = ended.tasks
    expect(ended.status).toBe("completed")
    expect(Date.parse(two?.startedAt ?? "")).toBeGreaterThanOrEqual(
      Date.parse(one?.endedAt ?? "") + 400
    )
  })

  test("during the cancellation of a pipeline completes it, for the original caller", async () => {
    await using rig = new Rig()
    const steps = [
      { script: "trap '' TERM; echo up; sleep 60", gracePeriodMs: 700 },
      { command: "true" }
    ]
    await rig.data("pipeline create", { id: "p", cwd: rig.scratch, steps })
    await rig.data("wait", { id: "p.1", for: { log: "up" } })
    const cancelling = rig.call(["pipeline", "cancel", '{"id":"p","reason":"enough","full":true}'])
    await rig.data("wait", { id: "p.2" })
    await rig.killEngine()
    // The call is sent again by itself, and finds what it began.
    expect((await cancelling).document).toMatchObject({
      data: {
        pipeline: {
          status: "cancelled",
          cancelled: { by: { kind: "caller", client: "cli" }, reason: "enough" }
        }
      }
    })
  })

  test("repeatedly leaves every pipeline complete, ended once, with each step run once", async () => {
    await using rig = new Rig()
    const ids = Array.from({ length: 8 }, (_, index) => `p${index}`)
    const create = (id: string) =>
      rig.data("pipeline create", {
        id,
        cwd: rig.scratch,
        steps: Array.from({ length: 6 }, (_, step) => ({
          script: `echo ${id}.${step + 1} >> ran; sleep 0.0${step}`
        }))
      })
    const made = Promise.all(ids.map(create))
    for (let kill = 0; kill < 6; kill++) {
      await rig.killEngine()
      await rig.data("pipeline list")
    }
    await made
    for (const id of ids) {
      const { status, counts } = pipelineOf(await rig.data("wait", { pipelineId: id }))
      expect([id, status, counts["completed"]]).toEqual([id, "completed", 6])
    }
    expect(linesOf(join(rig.scratch, "ran")).toSorted()).toEqual(
      ids.flatMap((id) => [1, 2, 3, 4, 5, 6].map((step) => `${id}.${step}`))
    )
    const all = eventsOf(await rig.data("events", { limit: 10_000 }))
    expect(all.map(({ sequence }) => sequence)).toEqual(all.map((_, index) => index + 1))
    for (const type of ["pipeline.created", "pipeline.completed"]) {
      expect(
        all
          .filter((event) => event.type === type)
          .map(({ pipelineId }) => pipelineId)
          .toSorted()
      ).toEqual(ids)
    }
  }, 60_000)
})
