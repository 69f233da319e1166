import { describe, expect, spyOn, test } from "bun:test"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Stream from "effect/Stream"
import { follow } from "../../src/output/follow.ts"
import type { FollowedLine, FollowOptions } from "../../src/output/follow.ts"
import { OutputFile } from "../../src/output/OutputFile.ts"
import { AttemptRig } from "./AttemptRig.ts"

/** Collects the lines of a follower, and reports when it has a given number of them. */
function collect(options: Omit<FollowOptions, "ended" | "attempt">) {
  const ended = Deferred.makeUnsafe<void>()
  const lines: FollowedLine[] = []
  const waiting: { readonly count: number; readonly resolve: () => void }[] = []
  const stream = follow({ attempt: 1, ended: Deferred.await(ended), ...options }).pipe(
    Stream.runForEach((line) =>
      Effect.sync(() => {
        lines.push(line)
        for (const { count, resolve } of waiting) if (lines.length >= count) resolve()
      })
    )
  )
  const fiber = Effect.runFork(stream)
  return {
    lines,
    texts: () => lines.map((line) => line.text),
    have: (count: number) =>
      new Promise<void>((resolve) =>
        lines.length >= count ? resolve() : waiting.push({ count, resolve })
      ),
    end: () => {
      Deferred.doneUnsafe(ended, Effect.void)
      return Effect.runPromise(Fiber.join(fiber))
    },
    fiber
  }
}

describe("a follower", () => {
  test("returns existing lines, then each new line, and ends with the attempt", async () => {
    using rig = new AttemptRig()
    rig.append("stdout", "before\n")
    const follower = collect({ dir: rig.dir, watch: rig.watch() })
    await follower.have(1)
    const writer = rig.writer()
    for (let line = 1; line <= 5; line++) {
      writer.tell(`echo ${line}; printf 'part of '`)
      await follower.have(1 + line)
    }
    await writer.done()
    await follower.end()
    expect(follower.texts()).toEqual([
      "before",
      "1",
      "part of 2",
      "part of 3",
      "part of 4",
      "part of 5",
      "part of "
    ])
  })

  test("returns all output written before the end, even when read late", async () => {
    using rig = new AttemptRig()
    const follower = collect({ dir: rig.dir, watch: rig.watch() })
    const writer = rig.writer()
    writer.tell("i=0; while [ $i -lt 5000 ]; do echo $i; i=$((i+1)); done; printf end >&2")
    await writer.done()
    await follower.end()
    expect(follower.texts().filter((text) => text !== "end")).toEqual(
      Array.from({ length: 5_000 }, (_, index) => String(index))
    )
    expect(follower.texts()).toContain("end")
  })

  test("continues after any line of another follower", async () => {
    using rig = new AttemptRig()
    const watching = rig.watch()
    for (let line = 1; line <= 6; line++)
      rig.arrive(watching, line % 2 === 0 ? "stderr" : "stdout", `${line}\n`)
    const all = collect({ dir: rig.dir, watch: watching })
    await all.end()
    expect(all.texts()).toEqual(["1", "2", "3", "4", "5", "6"])
    for (const [index, line] of all.lines.entries()) {
      const rest = collect({ dir: rig.dir, watch: watching, since: line.cursor })
      await rest.end()
      expect(rest.texts()).toEqual(all.texts().slice(index + 1))
    }
  })

  test("that waits for a line returns the first match and stops reading", async () => {
    using rig = new AttemptRig()
    const watching = rig.watch()
    const found = Effect.runPromise(
      follow({
        attempt: 1,
        dir: rig.dir,
        watch: watching,
        ended: Effect.never,
        grep: "listening on \\d+",
        hurried: true
      }).pipe(Stream.take(1), Stream.runCollect)
    )
    const writer = rig.writer()
    writer.tell(
      "echo starting; echo noise >&2; sleep 0.1; echo listening on 8080; echo listening on 9090"
    )
    expect((await found).map((line) => line.text)).toEqual(["listening on 8080"])
    await writer.done()
  })

  test("of one stream returns no line of the other", async () => {
    using rig = new AttemptRig()
    rig.append("stdout", "out\n")
    rig.append("stderr", "err\n")
    const follower = collect({ dir: rig.dir, watch: rig.watch(), stream: "stderr" })
    await follower.end()
    expect(follower.texts()).toEqual(["err"])
  })

  test("fails for an invalid cursor and names the field", async () => {
    using rig = new AttemptRig()
    const failing = follow({
      attempt: 1,
      dir: rig.dir,
      watch: rig.watch(),
      ended: Effect.never,
      since: "soon"
    })
    expect(await Effect.runPromise(Effect.flip(Stream.runDrain(failing)))).toMatchObject({
      field: "since"
    })
  })

  test("of incomplete lines returns one when it is idle, and the rest of it as another line", async () => {
    using rig = new AttemptRig()
    const follower = collect({ dir: rig.dir, watch: rig.watch(), idleLineMs: 20 })
    rig.append("stdout", ">>> ")
    await follower.have(1)
    rig.append("stdout", "2\n>>> ")
    await follower.have(3)
    expect(follower.texts()).toEqual([">>> ", "2", ">>> "])
    expect(follower.lines.map(({ partial }) => partial ?? false)).toEqual([true, false, true])
    const rest = collect({
      dir: rig.dir,
      watch: rig.watch(),
      since: follower.lines[0]?.cursor ?? ""
    })
    await rest.end()
    expect(rest.texts()).toEqual(["2", ">>> "])
    await follower.end()
  })

  test("of incomplete lines returns one of an idle stream while the other grows", async () => {
    using rig = new AttemptRig()
    const follower = collect({
      dir: rig.dir,
      watch: rig.watch(),
      idleLineMs: 60,
      grep: "Listening on 3000"
    })
    rig.append("stdout", "Listening on 3000")
    const writer = rig.writer()
    writer.tell("while :; do echo noise >&2; sleep 0.01; done")
    await follower.have(1)
    expect(follower.texts()).toEqual(["Listening on 3000"])
  })

  test("of incomplete lines matches a pattern against the whole line once it is complete", async () => {
    using rig = new AttemptRig()
    const follower = collect({
      dir: rig.dir,
      watch: rig.watch(),
      idleLineMs: 10,
      grep: "^a b$|piece"
    })
    rig.append("stderr", "piece")
    rig.append("stdout", "a ")
    await follower.have(1)
    rig.append("stdout", "b\n")
    await follower.have(2)
    expect(follower.texts()).toEqual(["piece", "a b"])
    await follower.end()
  })

  test("reads each byte of a slowly growing line about once", async () => {
    using rig = new AttemptRig()
    const watching = rig.watch()
    const read = spyOn(OutputFile.prototype, "read")
    const follower = collect({ dir: rig.dir, watch: watching, grep: "never" })
    rig.append("stdout", "first\n")
    const part = Buffer.alloc(200_000, "= 50 %\r")
    for (let parts = 0; parts < 40; parts++) {
      const looks = read.mock.calls.length
      rig.arrive(watching, "stdout", part)
      while (read.mock.calls.length === looks) await new Promise(setImmediate)
    }
    await follower.end()
    const readBytes = read.mock.results.reduce(
      (sum, each) => sum + (typeof each.value === "number" ? each.value : 0),
      0
    )
    read.mockRestore()
    expect(readBytes).toBeLessThan(2 * 40 * part.length)
  })

  test("removes its listener when it is interrupted", async () => {
    using rig = new AttemptRig()
    rig.append("stdout", "one\n")
    const watching = rig.watch()
    const follower = collect({ dir: rig.dir, watch: watching })
    await follower.have(1)
    await Effect.runPromise(Fiber.interrupt(follower.fiber))
    rig.arrive(watching, "stdout", "two\n")
    expect(follower.texts()).toEqual(["one"])
  })
})
