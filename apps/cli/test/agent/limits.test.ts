/** Agents that say more than is kept, while engines come and go. */
import { expect, test } from "bun:test"
import { chmodSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { Rig } from "../Rig.ts"
import { FakeAgents } from "./FakeAgents.ts"
import { prompted } from "./prompted.ts"

/** An agent that is a shell which reads its prompt as a script. */
const shell = (rig: Rig) =>
  rig.data("config set", {
    key: "agents.shell",
    value: { command: "sh", args: ["-c", 'eval "$(cat)"'] }
  })

const fifo = async (path: string): Promise<string> => {
  await Bun.spawn(["mkfifo", path]).exited
  return path
}

const linesOf = async (rig: Rig, payload: object): Promise<ReadonlyArray<string>> => {
  const { lines } = await rig.data("logs", { id: "x", lines: 5000, ...payload }, [
    "--output",
    "inline"
  ])
  return Array.isArray(lines) ? lines.map(String) : []
}

const said = (from: number, to: number): ReadonlyArray<string> =>
  Array.from(
    { length: to - from + 1 },
    (_, index) => `${from + index} is a line that an agent says`
  )

const sayAll = (from: number, to: number): string =>
  `seq ${from} ${to} | sed 's/$/ is a line that an agent says/'`

test("an agent's text and events keep their newest lines within the limit of its task", async () => {
  await using rig = new Rig()
  await shell(rig)
  const maxOutputBytes = 65_536
  await rig.task("start", { id: "x", agent: "shell", prompt: sayAll(1, 100_000), maxOutputBytes }, [
    "--wait"
  ])
  for (const raw of [true, false]) {
    const lines = await linesOf(rig, { raw })
    expect(lines).toEqual(said(100_001 - lines.length, 100_000))
    const bytes = Buffer.byteLength(`${lines.join("\n")}\n`)
    expect(bytes).toBeLessThanOrEqual(maxOutputBytes)
    expect(bytes).toBeGreaterThan(maxOutputBytes - 100)
  }
})

/** The number of the last line of each round. */
const last = (round: number): number => round * 2000

test("each line of an agent is returned once and in order, even if engines are killed after its output was rotated", async () => {
  await using rig = new Rig()
  await shell(rig)
  // Each round has a gate of its own: the next one could be passed with what opened the one before.
  const gates = await Promise.all([1, 2, 3].map((round) => fifo(join(rig.scratch, `gate${round}`))))
  const rounds = gates.map(
    (gate, index) => `${sayAll(last(index) + 1, last(index + 1))}; read go < ${gate}; `
  )
  await rig.data("start", {
    id: "x",
    agent: "shell",
    prompt: `${rounds.join("")}${sayAll(last(3) + 1, last(4))}`,
    maxOutputBytes: 65_536
  })
  for (const [index, gate] of gates.entries()) {
    await rig.data("wait", { id: "x", for: { log: `^${last(index + 1)} is` } })
    await rig.killEngine()
    writeFileSync(gate, "go\n")
  }
  await rig.data("wait", { id: "x" })
  const lines = await linesOf(rig, {})
  expect(lines).toEqual(said(last(4) + 1 - lines.length, last(4)))
  expect(lines.length).toBeGreaterThan(1500)
})

test("an agent's session and last text are known even if the engine that read them was killed and the events were dropped", async () => {
  await using rig = new Rig()
  const agents = new FakeAgents(rig.scratch)
  const gate = await fifo(join(rig.scratch, "gate"))
  const item = '{"type":"item.completed","item":{"type":"agent_message","text":"&"}}'
  const program = `#!/bin/sh
if [ "$1" = --version ]; then echo 1.2.3; exit 0; fi
cat > /dev/null
echo '{"type":"thread.started","thread_id":"the-session"}'
seq 1 3000 | sed 's/.*/${item}/'
read go < '${gate}'
echo '{"type":"turn.completed","usage":{"input_tokens":10,"output_tokens":5}}'
`
  writeFileSync(join(agents.folder, "codex"), program)
  chmodSync(join(agents.folder, "codex"), 0o755)
  await rig.call(
    ["start", JSON.stringify({ id: "x", agent: "codex", prompt: "count", maxOutputBytes: 1024 })],
    { env: agents.env }
  )
  await rig.data("wait", { id: "x", for: { log: "^3000$" } })
  await rig.killEngine()
  writeFileSync(gate, "go\n")
  expect(await rig.task("wait", { id: "x" })).toMatchObject({
    status: "completed",
    result: { text: "3000", sessionId: "the-session", inputTokens: 10, outputTokens: 5 }
  })
})

test("an agent's standard error does not show what rotation dropped", async () => {
  await using rig = new Rig()
  await shell(rig)
  const gate = await fifo(join(rig.scratch, "gate"))
  const prompt = `yes '€€€' | head -n 200000 >&2; read go < ${gate}`
  await rig.data("start", { id: "x", agent: "shell", prompt, maxOutputBytes: 65_536 })
  await rig.data("wait", { id: "x", for: { log: "€" } })
  const live = await linesOf(rig, { stream: "stderr", lines: 10_000 })
  writeFileSync(gate, "go\n")
  await rig.data("wait", { id: "x" })
  for (const lines of [live, await linesOf(rig, { stream: "stderr", lines: 10_000 })])
    expect(new Set(lines)).toEqual(new Set(["€€€"]))
  expect(await rig.data("logs", { id: "x", lines: 1 })).toMatchObject({
    droppedBytes: expect.any(Number),
    totalLines: expect.any(Number)
  })
})

test("an agent's result is read even if it is larger than the output limit", async () => {
  await using rig = new Rig()
  const agents = new FakeAgents(rig.scratch)
  agents.answer("claude", "tool-call")
  expect(await prompted(rig, agents, { agent: "claude", maxOutputBytes: 1024 })).toMatchObject({
    task: {
      status: "completed",
      result: { text: "The file is written.", sessionId: expect.any(String) }
    }
  })
})
