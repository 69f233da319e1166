// The jobs of an agent's first day, done with the compiled binary: so many lines given to a shell, so many bytes of answers.
// FIRST_DAY=print shows each line with its bytes.
import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import { cpSync, mkdirSync, symlinkSync } from "node:fs"
import { delimiter, dirname, join } from "node:path"
import { Rig } from "../Rig.ts"
import { binary } from "../binary.ts"

/** What a shell printed that got one line. */
interface Typed {
  readonly line: string
  readonly printed: string
}

const day: Array<Typed> = []

/** A folder with the fixtures, in which a line is typed that says `backbeat`. */
class Desk extends Rig {
  constructor() {
    super()
    const bin = join(this.scratch, "bin")
    mkdirSync(bin)
    symlinkSync(binary, join(bin, "backbeat"))
    cpSync(import.meta.dir, this.scratch, { recursive: true })
  }

  /** Gives a line to a shell, and notes it. */
  async type(line: string): Promise<string> {
    const path = [join(this.scratch, "bin"), dirname(process.execPath), process.env["PATH"]].join(
      delimiter
    )
    const child = Bun.spawn(["/bin/sh", "-c", `exec 2>&1; ${line}`], {
      cwd: this.scratch,
      env: this.environment({ PATH: path }),
      stdin: "ignore",
      stdout: "pipe"
    })
    const printed = await child.stdout.text()
    day.push({ line, printed })
    return printed
  }
}

const bytesOf = (typed: ReadonlyArray<Typed>): number =>
  typed.reduce((sum, { printed }) => sum + Buffer.byteLength(printed), 0)

const freePort = async (): Promise<number> => {
  const server = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: () => new Response("") })
  const { port = 0 } = server
  await server.stop(true)
  return port
}

const isGone = (url: string): Promise<boolean> =>
  fetch(url).then(
    () => false,
    () => true
  )

const ask = (text: string): string =>
  `backbeat send '{"id":"repl","text":"${text}\\n","until":"^[0-9]+$"}'`
const nextServed = (since = ""): string =>
  `backbeat wait '{"id":"log","for":{"log":"served"}${since}}'`
const startOnce = (script: string): string =>
  `backbeat start '{"id":"once","script":"${script}","ifRunning":"return","tags":["day"]}'`

describe("a first day", () => {
  const desk = new Desk()

  test("finds the one error of a build of 3,000 lines", async () => {
    expect(
      await desk.type(`backbeat start '{"id":"build","tags":["day"]}' --wait -- sh build.sh`)
    ).toContain("src/parse.ts:12:7 - error TS2322")
  })

  test("starts a server, waits until it is ready, uses it, and stops it", async () => {
    const port = await freePort()
    const url = `http://127.0.0.1:${port}`
    expect(
      await desk.type(
        `backbeat start '{"id":"web","tags":["day"],"readyWhen":{"port":${port}}}' --wait -- bun server.ts ${port}`
      )
    ).toContain('"health":"ready"')
    expect(await (await fetch(url)).text()).toBe("hello")
    expect(await desk.type("backbeat stop web")).toContain('"left":[]')
    expect(await isGone(url)).toBe(true)
  })

  test("runs lint and unit, then integration, and restarts what did not complete", async () => {
    expect(await desk.type("backbeat pipeline create @checks.json --wait")).toContain(
      '"failures":[{"id":"checks.unit","exitCode":1,"lastLines":["not ok 7 - parses a number"]}]'
    )
    expect(await desk.type("backbeat restart checks --wait")).toContain('"counts":{"completed":3}')
  })

  test("runs thirty tasks three at a time, and learns which five failed", async () => {
    const printed = await desk.type("backbeat start @thirty.json --wait --concurrency 3")
    expect(printed).toContain('"counts":{"completed":25,"failed":5}')
    for (const id of ["t06", "t12", "t18", "t24", "t30"])
      expect(printed).toContain(`"id":"${id}","exitCode":1`)
  })

  test("asks a program two questions", async () => {
    expect(
      await desk.type(
        `backbeat start '{"id":"repl","stdin":"open","tags":["day"]}' -- sh repl.sh; ${ask("6*7")}`
      )
    ).toContain('"lines":["42"]')
    expect(await desk.type(`${ask("42+1")}; backbeat stop repl`)).toContain('"lines":["43"]')
  })

  test("waits for a pattern in a log, and for the next match", async () => {
    const script = "for n in 1 2; do echo tick; echo request $n served; sleep 0.2; done; sleep 60"
    const first = await desk.type(
      `backbeat start '{"id":"log","tags":["day"],"script":"${script}"}'; ${nextServed()}`
    )
    const cursor = /"line":"request 1 served","cursor":"([^"]+)"/u.exec(first)?.[1]
    expect(await desk.type(nextServed(`,"since":"${cursor}"`))).toContain(
      '"line":"request 2 served"'
    )
  })

  test("times out a hanging command, and learns what hung", async () => {
    const printed = await desk.type(
      `backbeat start '{"id":"hang","tags":["day"],"timeout":1000,"script":"echo connecting to the database; sleep 60"}' --wait`
    )
    for (const part of [
      '"type":"TimedOut","timeout":1000',
      "sleep 60",
      '"lastLines":["connecting to the database"]'
    ])
      expect(printed).toContain(part)
  })

  test("sends one payload twice, and another one with the same id", async () => {
    expect(await desk.type(`${startOnce("sleep 60")}; ${startOnce("sleep 60")}`)).toContain(
      '"existing":true}'
    )
    expect(await desk.type(startOnce("sleep 61"))).toContain('"existing":true,"differs":["script"]')
  })

  test("stops and prunes the tasks of a tag", async () => {
    const printed = await desk.type(
      `backbeat stop '{"tag":"day"}'; backbeat prune '{"tag":"day","olderThanDays":0}'`
    )
    for (const part of [
      '"counts":{"cancelled":2}',
      '"once"',
      '"log"',
      '"t30"',
      '"checks.integration"'
    ])
      expect(printed).toContain(part)
    expect(await desk.data("list")).toMatchObject({ total: 0 })
  })

  afterAll(async () => {
    await desk[Symbol.asyncDispose]()
    if (process.env["FIRST_DAY"] === "print")
      for (const { line, printed } of day) console.log(`${Buffer.byteLength(printed)}\t${line}`)
    if (day.length > 1)
      expect({
        lines: day.length,
        bytes: bytesOf(day),
        fits: day.length <= 16 && bytesOf(day) <= 4000
      }).toMatchObject({ fits: true })
  })
})

describe("a first mistake", () => {
  const rig = new Rig()
  beforeAll(() => rig.data("start", { id: "x", script: "echo up; sleep 60" }))
  afterAll(() => rig[Symbol.asyncDispose]())

  test.each([
    [["run", '{"command":"true"}']],
    [["kill", "x"]],
    [["ps"]],
    [["start", '{"cmd":"true"}']],
    [["logs", '{"id":"x","tail":5}']],
    [["start", '{"command":"true","retry":3}']],
    [["start", '{"command":"echo hello world"}']],
    [["start", '{"command":"ls","args":"-la"}']],
    [["start", '{"command":"true","env":["A=1"]}']],
    [["start", '{"command":"true","timeout":"30s"}']]
  ])("%j is refused in few words, with a call that does what was meant", async (line) => {
    const { stderr } = await rig.call(line)
    expect(Buffer.byteLength(stderr)).toBeLessThanOrEqual(500)
    const { try: instead } = await rig.refusal(line)
    if (instead === undefined) throw new Error(`nothing to try: ${stderr}`)
    const { exitCode } = await rig.call([
      ...instead.operation.split(" "),
      JSON.stringify(instead.payload)
    ])
    expect(exitCode).toBe(0)
  })
})
