import { describe, expect, test } from "bun:test"
import * as Effect from "effect/Effect"
import { sendEof, sendStdin } from "../../src/process/stdin.ts"
import { AttemptRig, exited, openAndDie, remainsOf } from "./AttemptRig.ts"

const open = { stdin: { kind: "open" } } as const
const send = (attempt: { readonly dir: string }, text: string) =>
  Effect.runPromise(sendStdin(attempt.dir, text))
const refusal = (attempt: { readonly dir: string }, text: string, timeoutMs?: number) =>
  Effect.runPromise(Effect.flip(sendStdin(attempt.dir, text, timeoutMs)))

describe("an open stdin", () => {
  test("takes text from the first instant on and ends with sendEof", async () => {
    await using rig = new AttemptRig()
    const attempt = rig.open({ argv: ["cat"], ...open })
    await send(attempt, "one\n")
    await send(attempt, "zwölf\n")
    expect(sendEof(attempt.dir)).toBe("sent")
    expect(await attempt.ended).toMatchObject({ record: { end: exited(0) } })
    expect(rig.stdout(attempt)).toBe("one\nzwölf\n")
    expect(await remainsOf(attempt)).toEqual([])
  })

  test("takes 1 MB, and two texts at once without mixing them", async () => {
    await using rig = new AttemptRig()
    const attempt = rig.open({ argv: ["cat"], ...open })
    const texts = ["a".repeat(1_000_000), "b".repeat(300_000)]
    const sent = texts.map((text) => send(attempt, text))
    sendEof(attempt.dir)
    await Promise.all(sent)
    await attempt.ended
    expect(rig.stdout(attempt) === texts.join("")).toBe(true)
  })

  test("is served by the next engine after the one that opened it was killed", async () => {
    await using rig = new AttemptRig()
    const tree = rig.tree()
    await openAndDie(rig, tree, {
      stdin: "open",
      script: "echo up >$STEPS; cat; echo done >$STEPS"
    })
    await rig.step()
    await send(tree, "x".repeat(1_000_000))
    expect(sendEof(tree.dir)).toBe("sent")
    expect(await rig.step()).toBe("done")
    expect(rig.stdout(tree)).toHaveLength(1_000_000)
  })

  test("that nobody reads is refused with the bytes that were taken, and goes on from there", async () => {
    await using rig = new AttemptRig()
    rig.fifo("gate")
    const attempt = rig.sh("read go <$GATE; exec cat", open)
    const text = Array.from({ length: 40_000 }, (_, line) => `line ${line}\n`).join("")
    const blocked = await refusal(attempt, text, 50)
    expect(blocked._tag).toBe("StdinBlocked")
    expect(blocked.deliveredBytes).toBeGreaterThan(0)
    expect(blocked.deliveredBytes).toBeLessThan(text.length)
    expect(await refusal(attempt, "more", 20)).toMatchObject({
      _tag: "StdinBlocked",
      deliveredBytes: 0
    })
    rig.pass("gate")
    await send(attempt, text.slice(blocked.deliveredBytes))
    sendEof(attempt.dir)
    await attempt.ended
    expect(rig.stdout(attempt) === text).toBe(true)
  })

  test("is refused as closed once it was ended, or the command is over, or never was open", async () => {
    await using rig = new AttemptRig()
    rig.fifo("gate")
    const ended = rig.sh("read go <$GATE", open)
    sendEof(ended.dir)
    expect(await refusal(ended, "late")).toMatchObject({ _tag: "StdinClosed", deliveredBytes: 0 })
    rig.pass("gate")
    await ended.ended
    const over = rig.open({ argv: ["true"], ...open })
    await over.ended
    expect(await refusal(over, "late")).toMatchObject({ _tag: "StdinClosed" })
    expect(sendEof(over.dir)).toBe("closed")
    const closed = rig.open({ argv: ["true"] })
    expect(await refusal(closed, "never")).toMatchObject({ _tag: "StdinClosed" })
    expect(sendEof(closed.dir)).toBe("missing")
  })

  test("that the command leaves in the middle of a text is refused as closed", async () => {
    await using rig = new AttemptRig()
    const attempt = rig.open({ argv: ["head", "-c", "100000"], ...open })
    const closed = await refusal(attempt, "x".repeat(1_000_000))
    expect(closed._tag).toBe("StdinClosed")
    expect(closed.deliveredBytes).toBeGreaterThanOrEqual(100_000)
    await attempt.ended
    expect(await remainsOf(attempt)).toEqual([])
  })

  test("never holds the engine up while the pipe is full", async () => {
    await using rig = new AttemptRig()
    rig.fifo("gate")
    const attempt = rig.sh("read go <$GATE; exec cat >/dev/null", open)
    const sent = send(attempt, "x".repeat(1_000_000))
    let turns = 0
    while (turns < 100) {
      await new Promise(setImmediate)
      turns++
    }
    rig.pass("gate")
    await sent
    sendEof(attempt.dir)
    await attempt.ended
  })
})
