/** The engine is killed around a tick: the tick fires once, and its run has an end. */
import { expect, test } from "bun:test"
import { bound } from "../bounds.ts"
import { ClockRig } from "./ClockRig.ts"

test("a tick fires once, however close to it the engine is killed", async () => {
  const rounds = bound(6, 200)
  for (let round = 0; round < rounds; round++) {
    await using rig = new ClockRig()
    await rig.start("2027-03-28T07:59:57Z")
    await rig.data("schedule create", {
      id: "m",
      cronExpression: "0 8 * * *",
      script: "echo once"
    })
    rig.set("2027-03-28T07:59:59.9Z")
    const looks = rig.callHere("engine status", {})
    // The rounds are spread over the time in which a tick becomes a process.
    await Bun.sleep((round * 60) / rounds)
    await rig.kill()
    await looks.catch(() => null)
    await rig.start("2027-03-28T08:00:10Z")
    await rig.come("schedule.fired", 1)
    const { status, attempt } = await rig.task("wait", { id: "m.20270328T080000Z" })
    expect({ round, status, attempt }).toEqual({ round, status: "completed", attempt: 1 })
    expect(await rig.history("m")).toMatchObject([
      { result: "fired", scheduledFor: "2027-03-28T08:00:00.000Z" }
    ])
  }
}, 600_000)
