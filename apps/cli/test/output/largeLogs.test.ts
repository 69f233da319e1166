/** What reading a large output costs the engine. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import { readdirSync, readFileSync, readlinkSync } from "node:fs"
import { signalProcess } from "@backbeat/engine/process/posix"
import { Rig } from "../Rig.ts"
import { killAndAwait } from "../processes.ts"

const lineCount = 250_000
const firstNumber = 1_000_000
/** Three readers that held the 50 MB as strings would need more than 300 MB. */
const allowedBytes = 200 * 1024 * 1024

const rig = new Rig()

const peakBytes = (pid: number): number =>
  Number(
    /^VmHWM:\s+(\d+) kB/mu.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? Number.NaN
  ) * 1024

const openOutputs = (pid: number): ReadonlyArray<string> =>
  readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
    try {
      const path = readlinkSync(`/proc/${pid}/fd/${fd}`)
      return /stdout\.log|stderr\.log|\.draft/u.test(path) ? [path] : []
    } catch {
      return []
    }
  })

/** A new engine, with its memory at rest. */
const freshEngine = async (): Promise<{ readonly pid: number; readonly restBytes: number }> => {
  await rig.call(["engine", "stop"])
  const pid = await rig.engine()
  return { pid, restBytes: peakBytes(pid) }
}

/** Counts the bytes and the lines of what a call prints, without keeping them. */
const measured = async (args: ReadonlyArray<string>) => {
  const child = rig.spawn(args)
  let lines = 0
  let last = ""
  for await (const chunk of child.stdout) {
    for (let at = chunk.indexOf(10); at >= 0; at = chunk.indexOf(10, at + 1)) lines++
    last = (last + Buffer.from(chunk.subarray(-400)).toString("utf8")).slice(-400)
  }
  return { lines, last, exitCode: await child.exited }
}

beforeAll(async () => {
  const script = `seq -f '%0200.0f' ${firstNumber} ${firstNumber + lineCount - 1}`
  await rig.task("start", { id: "x", script, maxOutputBytes: 1_073_741_824, timeout: 60_000 }, [
    "--wait"
  ])
}, 60_000)

afterAll(() => rig[Symbol.asyncDispose]())

describe("an output of 50 MB", () => {
  test.each([
    ["as a stream", ["logs", '{"id":"x","lines":1000000}', "--stream"]],
    ["as a stream that follows", ["logs", '{"id":"x","lines":1000000,"follow":true}', "--stream"]],
    [
      "as a stream of the lines that match",
      ["logs", '{"id":"x","lines":1000000,"grep":"0"}', "--stream"]
    ]
  ])(
    "is read %s, three times at once, in little memory",
    async (_, args) => {
      const { pid, restBytes } = await freshEngine()
      const reads = await Promise.all([args, args, args].map((each) => measured(each)))
      for (const { lines, last, exitCode } of reads) {
        expect([lines, exitCode]).toEqual([lineCount, 0])
        expect(last).toContain(`0${firstNumber + lineCount - 1}","cursor":"c1-`)
      }
      expect(peakBytes(pid) - restBytes).toBeLessThan(allowedBytes)
      expect(openOutputs(pid)).toEqual([])
    },
    60_000
  )

  test("becomes an artifact with little memory", async () => {
    const { pid, restBytes } = await freshEngine()
    const answers = await Promise.all(
      [["--output", "artifact"], [], []].map((flags) =>
        rig.data("logs", { id: "x", lines: 1_000_000 }, flags)
      )
    )
    for (const { artifact, inline } of answers) {
      expect(Object(artifact).size_bytes).toBe(201 * lineCount)
      expect(inline).toMatchObject({ totalLines: lineCount, shownLines: lineCount })
    }
    expect(answers.map(({ inline }) => Object(inline).lines.length)).toEqual([0, 20, 20])
    expect(peakBytes(pid) - restBytes).toBeLessThan(allowedBytes)
  }, 60_000)

  test("is returned completely inline with little memory", async () => {
    const { pid, restBytes } = await freshEngine()
    const { lines, ...rest } = await rig.data("logs", { id: "x", lines: 1_000_000 }, [
      "--output",
      "inline"
    ])
    const numbers = Array.isArray(lines) ? lines.map(Number) : []
    expect(numbers).toEqual(Array.from({ length: lineCount }, (_, index) => firstNumber + index))
    expect(rest).toEqual({
      taskId: "x",
      totalLines: lineCount,
      shownLines: lineCount,
      cursor: `c1-${201 * lineCount}-0`
    })
    expect(peakBytes(pid) - restBytes).toBeLessThan(allowedBytes)
    expect(await rig.data("logs", { id: "x", lines: 0 }, ["--output", "inline"])).toMatchObject({
      lines: [],
      shownLines: 0,
      hasMore: true
    })
  }, 60_000)

  test("is requested again when the engine is killed while it answers inline", async () => {
    const { pid } = await freshEngine()
    const answer = rig.data("logs", { id: "x", lines: 1_000_000 }, ["--output", "inline"])
    while (openOutputs(pid).length === 0) await Bun.sleep(1)
    await killAndAwait(pid)
    const { lines, shownLines } = await answer
    expect([shownLines, Array.isArray(lines) ? lines.length : 0]).toEqual([lineCount, lineCount])
  }, 60_000)

  test("stays in its file while its reader is suspended and others are answered, and nothing is left when the reader is gone", async () => {
    const { pid, restBytes } = await freshEngine()
    const readers = ["", ',"follow":true', ',"since":"c1-0-0","follow":true'].map((more) =>
      rig.spawn(["logs", `{"id":"x","lines":1000000${more}}`, "--stream"])
    )
    for (const { pid: reader, stdout } of readers) {
      await stdout.getReader().read()
      signalProcess(reader, "SIGSTOP")
    }
    for (let round = 0; round < 20; round++) await rig.data("logs", { id: "x", lines: 5 })
    expect(peakBytes(pid) - restBytes).toBeLessThan(allowedBytes)
    for (const reader of readers) reader.kill("SIGKILL")
    await Promise.all(readers.map(({ exited }) => exited))
    while (openOutputs(pid).length > 0) await rig.data("status", { id: "x" })
  }, 60_000)

  test("leaves no draft of an artifact when its caller disconnects", async () => {
    const { pid } = await freshEngine()
    const caller = rig.spawn(["logs", '{"id":"x"}', "--output", "artifact"])
    while (!openOutputs(pid).some((path) => path.endsWith(".draft"))) await Bun.sleep(1)
    caller.kill("SIGKILL")
    await caller.exited
    while (openOutputs(pid).length > 0) await rig.data("status", { id: "x" })
    expect(
      readdirSync(rig.home, { recursive: true }).filter((path) => String(path).endsWith(".draft"))
    ).toEqual([])
  }, 60_000)
})

describe("an output that is pruned while it is read", () => {
  const count = 150_000

  /** Reads the output of a task again and again, and prunes it in the middle of one of the readings, later with each round. */
  const readAndPrune = async (
    flags: ReadonlyArray<string>,
    check: (called: Awaited<ReturnType<Rig["call"]>>) => void
  ): Promise<void> => {
    await using own = new Rig()
    for (let round = 0; round < 6; round++) {
      await own.task("start", { id: "t", script: `seq -w ${count}` }, ["--wait"])
      const reading = own.call(["logs", `{"id":"t","lines":${count}}`, ...flags])
      await Bun.sleep(10 + round * 6)
      await own.data("prune", { olderThanDays: 0 })
      check(await reading)
    }
  }

  test.each([{ flags: ["--output", "inline"] }, { flags: ["--stream"] }])(
    "is told whole or not at all with $flags",
    async ({ flags }) => {
      await readAndPrune(flags, ({ exitCode, stderr, stdout }) => {
        if (exitCode !== 0) return expect(JSON.parse(stderr).error.type).toBe("TaskNotFound")
        const lines =
          flags[0] === "--stream" ? stdout.trimEnd().split("\n") : JSON.parse(stdout).data.lines
        expect(lines).toHaveLength(count)
      })
    }
  )

  test("becomes an artifact, or fails as removed", async () => {
    await readAndPrune(["--output", "artifact"], ({ document, exitCode }) => {
      if (exitCode !== 0) return expect(document).toMatchObject({ error: { type: "TaskNotFound" } })
      expect(document).toMatchObject({ ok: true, data: { artifact: { kind: "log" } } })
    })
  })
})
