/** What a refusal offers as `try` is a call that succeeds as it stands. */
import { describe, expect, test } from "bun:test"
import { type Refusal, Rig } from "../Rig.ts"
import { binary } from "../binary.ts"

type Line = ReadonlyArray<string>

const json = (payload: unknown): string => JSON.stringify(payload)

/** A line that is refused, and the call that it means. */
type Mistake = readonly [Line, Required<Refusal>["try"]]

const operations: ReadonlyArray<Mistake> = [
  [["run", json({ command: "true" })], { operation: "start", payload: { command: "true" } }],
  [["run", "true"], { operation: "start", payload: { command: "true" } }],
  [["kill", "live"], { operation: "stop", payload: { id: "live" } }],
  [["cancel", "live.2"], { operation: "stop", payload: { id: "live.2" } }],
  [["ps"], { operation: "list", payload: {} }],
  [["ls"], { operation: "list", payload: {} }],
  [["tail", "x"], { operation: "logs", payload: { id: "x" } }],
  [["log", "x"], { operation: "logs", payload: { id: "x" } }],
  [["clean"], { operation: "prune", payload: {} }],
  [["rm"], { operation: "prune", payload: {} }],
  [["show", "x"], { operation: "status", payload: { id: "x" } }],
  [["statsu", "x"], { operation: "status", payload: { id: "x" } }]
]

const fields: ReadonlyArray<Mistake> = [
  [["start", json({ cmd: "true" })], { operation: "start", payload: { command: "true" } }],
  [["start", json({ cmd: "echo a b" })], { operation: "start", payload: { script: "echo a b" } }],
  [["logs", json({ id: "x", tail: 5 })], { operation: "logs", payload: { id: "x", lines: 5 } }],
  [
    ["start", json({ command: "true", retry: 2 })],
    {
      operation: "start",
      payload: { command: "true", restart: { when: "on-failure", maxAttempts: 3 } }
    }
  ],
  [
    ["start", json({ command: "true", restart: { when: "on-failure", retries: 1 } })],
    {
      operation: "start",
      payload: { command: "true", restart: { when: "on-failure", maxAttempts: 2 } }
    }
  ],
  [
    ["start", json({ command: "true", restart: { max: 2 } })],
    { operation: "start", payload: { command: "true", restart: { maxAttempts: 2 } } }
  ],
  [
    ["start", json({ command: "true", wait: true })],
    { operation: "start", payload: { command: "true" }, flags: { wait: true } }
  ],
  [
    ["start", json({ command: "true", timeoutMs: 5000 })],
    { operation: "start", payload: { command: "true", timeout: 5000 } }
  ],
  [
    ["start", json({ command: "true", readyWhen: { tcp: 3000 } })],
    { operation: "start", payload: { command: "true", readyWhen: { port: 3000 } } }
  ],
  [
    ["start", json({ command: "true", readyWhen: { log: "." }, startupTimeoutMs: 1500 })],
    {
      operation: "start",
      payload: { command: "true", readyWhen: { log: ".", startupTimeoutMs: 1500 } }
    }
  ],
  [
    ["start", json({ command: "true", maxAttempts: 2 })],
    {
      operation: "start",
      payload: { command: "true", restart: { when: "on-failure", maxAttempts: 2 } }
    }
  ],
  [
    ["start", json({ command: "true" }), "--max-attempts", "2"],
    {
      operation: "start",
      payload: { command: "true", restart: { when: "on-failure", maxAttempts: 2 } }
    }
  ]
]

const values: ReadonlyArray<Mistake> = [
  [
    ["start", json({ command: "ls", args: "-la" })],
    { operation: "start", payload: { command: "ls", args: ["-la"] } }
  ],
  [
    ["start", json({ command: "true", env: ["A=1", "B=x=y"] })],
    { operation: "start", payload: { command: "true", env: { A: "1", B: "x=y" } } }
  ],
  [
    ["start", json({ command: "true", timeout: "30s" })],
    { operation: "start", payload: { command: "true", timeout: 30_000 } }
  ],
  [
    ["start", json({ command: "true", env: { A: 1 } })],
    { operation: "start", payload: { command: "true", env: { A: "1" } } }
  ],
  [
    ["start", json({ command: "true", timeout: 2 })],
    { operation: "start", payload: { command: "true", timeout: 2000 } }
  ],
  [
    ["start", json({ command: ["echo", "a"] })],
    { operation: "start", payload: { command: "echo", args: ["a"] } }
  ],
  [["start", '{"command":"true",}'], { operation: "start", payload: { command: "true" } }],
  [["start", "{command:true}"], { operation: "start", payload: { command: "true" } }],
  [
    ["start", "{'command':'true'}", "--wait"],
    { operation: "start", payload: { command: "true" }, flags: { wait: true } }
  ],
  [["start", '[{"command":"true"},]'], { operation: "start", payload: [{ command: "true" }] }]
]

const words: ReadonlyArray<Mistake> = [
  [["list", "running"], { operation: "list", payload: { status: "running" } }],
  [["list", json({ status: "runing" })], { operation: "list", payload: { status: "running" } }],
  [["list", "--status", "failed"], { operation: "list", payload: { status: ["failed"] } }],
  [["wait", "x", "y"], { operation: "wait", payload: { ids: ["x", "y"] } }],
  [["status", "x", "y"], { operation: "status", payload: ["x", "y"] }],
  [["status", json({ ids: ["x", "y"] })], { operation: "status", payload: ["x", "y"] }],
  [
    ["status", json({ ids: ["x", "y"], full: true })],
    {
      operation: "status",
      payload: [
        { id: "x", full: true },
        { id: "y", full: true }
      ]
    }
  ],
  [["stop", "live", "live.2"], { operation: "stop", payload: { ids: ["live", "live.2"] } }],
  [
    ["wait", "x", "--timeout", "600000"],
    { operation: "wait", payload: { id: "x" }, flags: { timeout: 600 } }
  ],
  [
    ["start", "--wait", "--timeout", "900000", "--", "true"],
    {
      operation: "start",
      payload: { command: "true", args: [] },
      flags: { wait: true, timeout: 900 }
    }
  ],
  [["start", "ls", "-la"], { operation: "start", payload: { command: "ls", args: ["-la"] } }],
  [["start", "ls"], { operation: "start", payload: { command: "ls" } }],
  [["start", "echo a && echo b"], { operation: "start", payload: { script: "echo a && echo b" } }],
  [
    ["start", "echo a b", "--name", "say", "--wait"],
    { operation: "start", payload: { script: "echo a b", name: "say" }, flags: { wait: true } }
  ]
]

const flags: ReadonlyArray<Mistake> = [
  [["logs", "x", "--tail", "1"], { operation: "logs", payload: { id: "x", lines: 1 } }],
  [
    ["logs", "x", "--grep=a", "--context", "2"],
    { operation: "logs", payload: { id: "x", grep: "a", context: 2 } }
  ],
  [["--tail", "5", "logs", "x"], { operation: "logs", payload: { id: "x", lines: 5 } }],
  [
    ["start", json({ command: "true" }), "--priority", "P0"],
    { operation: "start", payload: { command: "true", priority: "P0" } }
  ],
  [
    ["start", json({ command: "true" }), "--delay", "1s"],
    { operation: "start", payload: { command: "true", delayMs: 1000 } }
  ],
  [
    ["start", json({ command: "true" }), "--deps", "x,y"],
    { operation: "start", payload: { command: "true", dependsOn: ["x", "y"] } }
  ],
  [
    ["stop", "live.3", "no longer needed"],
    { operation: "stop", payload: { id: "live.3", reason: "no longer needed" } }
  ],
  [
    ["pipeline", "create", "echo a", "echo b"],
    {
      operation: "pipeline create",
      payload: { steps: [{ script: "echo a" }, { script: "echo b" }] }
    }
  ],
  [
    ["pipeline", "create", "--step", "true", "--step", "true"],
    { operation: "pipeline create", payload: { steps: [{ script: "true" }, { script: "true" }] } }
  ],
  [
    ["wait", "x", "--timeout", "5s"],
    { operation: "wait", payload: { id: "x" }, flags: { timeout: 5 } }
  ],
  [["config", "shwo"], { operation: "config show", payload: {} }],
  [["status", "nope"], { operation: "list", payload: {} }]
]

/** Refusals of payloads that are well-formed. */
const meanings: ReadonlyArray<Mistake> = [
  [["start", json({ command: "echo a" })], { operation: "start", payload: { script: "echo a" } }],
  [
    ["start", json({ command: "cd / && ls", name: "n" })],
    { operation: "start", payload: { name: "n", script: "cd / && ls" } }
  ],
  [["start", "--", "echo a | cat"], { operation: "start", payload: { script: "echo a | cat" } }],
  [
    ["start", "--wait", "--", "echo a | cat"],
    { operation: "start", payload: { script: "echo a | cat" }, flags: { wait: true } }
  ],
  [
    ["pipeline", "create", json({ steps: [{ command: "true" }, { command: "echo a" }] })],
    {
      operation: "pipeline create",
      payload: { steps: [{ command: "true" }, { script: "echo a" }] }
    }
  ],
  [
    ["plan", json({ payload: { cmd: "true" } })],
    { operation: "plan", payload: { operation: "start", payload: { command: "true" } } }
  ],
  [
    ["start", json({ id: "live", command: "true" })],
    { operation: "start", payload: { id: "live", command: "true", ifRunning: "return" } }
  ],
  [
    ["start", json({ script: "true", model: "x", agent: "codex" })],
    { operation: "start", payload: { script: "true" } }
  ],
  [
    ["start", json({ command: "true", readyWhen: { http: "localhost:3000" } })],
    {
      operation: "start",
      payload: { command: "true", readyWhen: { http: "http://localhost:3000" } }
    }
  ],
  [
    ["start", json({ command: "true", dependsOn: "no-such-task" })],
    { operation: "list", payload: {} }
  ],
  [["list", "--wait"], { operation: "list", payload: {} }],
  [
    ["list", json({ limit: 5 }), "--wait", "--output", "inline"],
    { operation: "list", payload: { limit: 5 }, flags: { output: "inline" } }
  ],
  [["logs", json({ id: "x", context: 2 })], { operation: "logs", payload: { id: "x" } }],
  [
    ["logs", json({ id: "x", attempt: 7 })],
    { operation: "logs", payload: { id: "x", attempt: 1 } }
  ],
  [
    ["logs", json({ id: "x", follow: true })],
    { operation: "logs", payload: { id: "x", follow: true }, flags: { stream: true } }
  ],
  [["send", json({ id: "x", text: "a" })], { operation: "why", payload: { id: "x" } }],
  [
    ["config", "set", "retentionDay", "5"],
    { operation: "config set", payload: { key: "retentionDays", value: 5 } }
  ],
  [["pipeline", "get", "nope"], { operation: "pipeline list", payload: {} }],
  [
    ["wait", json({ id: "live", timeout: 10 })],
    { operation: "wait", payload: { id: "live", timeout: 10 } }
  ]
]

const typed = ({ operation, payload, flags: given = {} }: Required<Refusal>["try"]): Line => [
  ...operation.split(" "),
  json(payload),
  ...Object.entries(given).map(([name, value]) =>
    value === true ? `--${name}` : `--${name}=${String(value)}`
  )
]

/** What the calls speak of. */
const prepare = async (rig: Rig): Promise<void> => {
  await rig.data(
    "start",
    [
      { id: "x", script: "echo a" },
      { id: "y", command: "true" }
    ],
    ["--wait"]
  )
  await rig.data(
    "start",
    ["live", "live.2", "live.3"].map((id) => ({ id, stdin: "open", command: "cat" }))
  )
}

describe("a rejected call", () => {
  test.each([
    { of: "another tool's name of an operation", mistakes: operations },
    { of: "another tool's name of a field", mistakes: fields },
    { of: "a value in another form", mistakes: values },
    { of: "words without JSON", mistakes: words },
    { of: "a field that is written as a flag", mistakes: flags },
    { of: "a payload that means nothing", mistakes: meanings.slice(0, -1) }
  ])(
    "of $of says in at most 500 bytes which call was meant, and that call succeeds",
    async ({ mistakes }) => {
      await using rig = new Rig()
      await prepare(rig)
      for (const [line, meant] of mistakes) {
        const refused = await rig.call(line)
        expect([line, refused.exitCode, refused.stdout]).toEqual([line, 1, ""])
        expect({ line, bytes: refused.stderr.length > 500 ? refused.stderr : "few" }).toEqual({
          line,
          bytes: "few"
        })
        const { error } = refused.document
        expect({ line, error }).toMatchObject({ line, error: { try: meant } })
        const run = await rig.call(typed(meant))
        expect({
          line,
          meant: typed(meant),
          stderr: run.stderr,
          exitCode: run.exitCode
        }).toMatchObject({ stderr: "", exitCode: 0 })
      }
    },
    30_000
  )

  test("that timed out suggests the same wait", async () => {
    await using rig = new Rig()
    await prepare(rig)
    const [line, meant] = meanings.at(-1) ?? [[], undefined]
    expect(await rig.refusal(line)).toMatchObject({ type: "TaskWaitTimedOut", try: meant })
    expect(
      await rig.refusal([
        "start",
        json({ command: "sleep", args: ["5"], id: "slow" }),
        "--wait",
        "--timeout",
        "0.01"
      ])
    ).toMatchObject({
      type: "TaskWaitTimedOut",
      try: { operation: "wait", payload: { id: "slow" } }
    })
  })

  test("returns a call that can be typed as one word", async () => {
    await using rig = new Rig()
    const { try: meant } = await rig.refusal(["start", json({ cmd: "true", wait: true })])
    const run = await rig.call([json(meant)])
    expect(run.document).toMatchObject({
      ok: true,
      command: "start",
      data: { task: { status: "completed" } }
    })
  })

  test("suggests none if a value would have to be invented", async () => {
    await using rig = new Rig()
    for (const line of [
      ["start", "{}"],
      ["start", json({ command: "true", cwd: "/no/such/folder" })],
      ["start", json({ zzz: 1, command: "true" })],
      ["start", json({ cmd: "true", script: "true" })],
      ["start", json({ command: "ls", args: "-la | wc" })],
      ["start", '{"command":"ls'],
      ["list", "whatever"],
      ["start", json({ command: "true" }), "--cron", "* * * * *"],
      ["loop", "create", "true", "--until", "true"],
      ["agents"],
      ["wait", "x", "--timeout", "soon"],
      ["start", json({ command: "true", startupTimeoutMs: 1500 })],
      ["start", json({ command: "true", stallTimeoutMs: 5 })],
      ["send", json({ id: "live", text: "a", quietMs: 50 })],
      ["qqqqqqqq"]
    ]) {
      const { try: meant } = await rig.refusal(line)
      expect({ line, meant }).toEqual({ line, meant: undefined })
    }
  })

  test("suggests none that would be rejected itself", async () => {
    await using rig = new Rig()
    await prepare(rig)
    for (const line of [
      ["start", "--model", "opus", "--", "true"],
      ["start", "--effort", "high", "--", "true"],
      ["start", "--maxTurns", "3", "--", "true"],
      ["start", json({ script: "true", model: "opus", arg: ["-v"] })],
      ["logs", "x", "--since", "5m"],
      ["logs", json({ id: "x", since: "5m", tail: 5 })],
      ["wait", "x", "--since", "5"],
      ["wait", json({ id: "x", timeout: "5s", since: "c1-0-0" })],
      ["logs", "x", "--grep", "("],
      ["send", json({ id: "live", txt: "a", until: "(" })],
      ["list", json({ nonsense: 1 }), "--wait"],
      ["logs", json({ id: "x", since: "5m" }), "--wait"],
      ["start", json({ cmd: "true", notify: { onEnd: true } })],
      ["wait", "x", "--timeout", "2d"]
    ]) {
      const { try: meant } = await rig.refusal(line)
      expect({ line, meant }).toEqual({ line, meant: undefined })
    }
  })

  test("suggests none if its payload came from a file or stdin", async () => {
    await using rig = new Rig()
    await Bun.write(`${rig.scratch}/payload.json`, json({ cmd: "true" }))
    const fromFile = await rig.refusal(["start", "@payload.json"])
    const fromStdin = await rig.refusal(["start", "-"], { stdin: json({ cmd: "true" }) })
    for (const refused of [fromFile, fromStdin]) {
      expect(refused).not.toHaveProperty("try")
      expect(refused).toMatchObject({
        message: "unknown field cmd; did you mean command?",
        details: { hint: expect.stringContaining("backbeat") }
      })
    }
  })

  test("keeps the home of the call", async () => {
    await using rig = new Rig()
    const elsewhere = { env: { BACKBEAT_HOME: "/nowhere/at/all" } }
    const meant = { operation: "start", payload: { command: "true" }, flags: { home: rig.home } }
    expect(
      (await rig.refusal(["start", json({ cmd: "true" }), "--home", rig.home], elsewhere)).try
    ).toEqual(meant)
    expect((await rig.refusal(["run", "true", "--home", rig.home], elsewhere)).try).toEqual(meant)
    expect((await rig.call([json(meant)], elsewhere)).document).toMatchObject({ ok: true })
  })

  test("whose payload is on stdin without - says so, without reading it", async () => {
    await using rig = new Rig()
    const line = `printf '{"command":"true"}' | "$0" start`
    const child = Bun.spawn(["sh", "-c", line, binary], {
      env: rig.environment(),
      stdio: ["ignore", "pipe", "pipe"]
    })
    expect(await child.stderr.text()).toContain(
      "To read the payload from stdin, use -: backbeat start -."
    )
    expect((await rig.refusal(["start"])).details.hint).not.toContain("stdin")
  })

  test("of one item of a batch suggests the call for that item", async () => {
    await using rig = new Rig()
    const { document } = await rig.call(["start", json([{ command: "true" }, { cmd: "true" }])])
    expect(document).toMatchObject({
      data: {
        results: [
          { ok: true },
          { ok: false, error: { try: { operation: "start", payload: { command: "true" } } } }
        ]
      }
    })
  })
})
