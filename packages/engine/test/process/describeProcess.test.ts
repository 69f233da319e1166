import { describe, expect, test } from "bun:test"
import { describeProcess, showsArguments } from "../../src/process/describeProcess.ts"
import { AttemptRig, pidOf } from "./AttemptRig.ts"

describe("a process", () => {
  test("of the shim is told by its name, and the command by its arguments", async () => {
    await using rig = new AttemptRig()
    const attempt = rig.sh("echo $$ >$STEPS; sleep 1000")
    const command = Number(await rig.step())
    expect(describeProcess(pidOf(attempt))).toBe(`${pidOf(attempt)} backbeat-shim`)
    expect(describeProcess(command)).toBe(`${command} /bin/sh -c echo $$ >$STEPS; sleep 1000`)
    expect(showsArguments(command)).toBe(true)
  })

  test("that has ended and is there still shows its name, and none of its arguments", async () => {
    await using rig = new AttemptRig()
    rig.fifo("gate")
    rig.sh('sh -c "read go <$GATE" & echo $$ $! >$STEPS; exec sleep 1000')
    const [parent, ended = 0] = (await rig.step()).split(" ").map(Number)
    // A shell may still look after what it has started.
    while (describeProcess(parent ?? 0) !== `${parent} sleep 1000`) await Bun.sleep(1)
    rig.pass("gate")
    while (showsArguments(ended)) await Bun.sleep(1)
    expect(describeProcess(ended)).toBe(`${ended} sh`)
  })
})
