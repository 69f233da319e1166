// Records what the real agent CLIs print, for the tests of packages/agents.
// `bun apps/cli/test/agent/record.ts [agent [case]]`; all of it takes ten minutes.
// The CLIs are those on PATH; `bun run test:agents` installs the pinned ones into node_modules/.cache/backbeat-agents.
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { callAgent } from "./callAgent.ts"
import { casesOf, folder } from "./cases.ts"
import type { Case } from "./cases.ts"
import type { Answer } from "./model/Answer.ts"
import { MockModel } from "./model/MockModel.ts"
import { keep } from "./recording.ts"
import { mockedAgents, setUp } from "./setUp.ts"
import type { MockedAgent } from "./setUp.ts"

const prompt = "Write made.txt, then say what you did."
const sessionId = /"(?:session_id|thread_id|sessionID)":"(?<id>[^"]+)"/u

const makePlace = () => {
  const scratch = realpathSync(mkdtempSync(join(tmpdir(), "backbeat-record-")))
  const place = { scratch, home: join(scratch, "user"), cwd: join(scratch, "demo") }
  mkdirSync(place.home)
  mkdirSync(place.cwd)
  return place
}

/** The answer with the folder of the call in the place of the recorded one. */
const inFolder = (answer: Answer, cwd: string): Answer => {
  if (answer.kind !== "tool") return answer
  const move = (value: unknown) =>
    typeof value === "string" ? value.replaceAll(folder, cwd) : value
  if (typeof answer.input === "string")
    return { ...answer, input: answer.input.replaceAll(folder, cwd) }
  const input = Object.entries(answer.input).map(([name, value]) => [name, move(value)])
  return { ...answer, input: Object.fromEntries(input) }
}

const writeFiles = (below: string, files: Case["files"] = {}): void => {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(below, path)), { recursive: true })
    writeFileSync(join(below, path), text)
  }
}

const environment = (
  agent: MockedAgent,
  one: Case,
  place: { readonly url: string; readonly home: string }
) => {
  const env: Record<string, string> = { ...setUp(agent, place) }
  for (const [name, value] of Object.entries(one.env ?? {})) {
    if (value === undefined) delete env[name]
    else env[name] = value
  }
  return env
}

const run = async (
  one: Case,
  model: MockModel,
  calling: Omit<Parameters<typeof callAgent>[0], "stdin">
) => {
  const startedAt = performance.now()
  const call = callAgent({ ...calling, stdin: prompt })
  const { signal, turn, afterMs } = one.stop ?? { signal: "SIGKILL", afterMs: 60_000 }
  const stopping =
    afterMs === undefined ? undefined : setTimeout(() => call.signal(signal), afterMs)
  // What outlives its signal is killed, and recorded as killed.
  const killing = setTimeout(() => call.signal("SIGKILL"), (afterMs ?? 20_000) + 10_000)
  if (turn !== undefined) void model.turn(turn).then(() => call.signal(signal))
  const end = await call.ended
  clearTimeout(stopping)
  clearTimeout(killing)
  return { end, tookMs: Math.round(performance.now() - startedAt) }
}

const record = async (agent: MockedAgent, one: Case): Promise<void> => {
  const place = makePlace()
  const answers = (one.script.answers ?? []).map((answer) => inFolder(answer, place.cwd))
  await using model = new MockModel({ ...one.script, answers })
  const ran = { ...place, url: model.url }
  const calling = { env: environment(agent, one, ran), cwd: place.cwd }
  const about = { agent: agent.name, stdin: prompt, version: agent.version }
  writeFiles(place.cwd, one.files)
  writeFiles(place.home, one.homeFiles)
  let argv = one.argv ?? agent.argv
  if (one.resumes !== undefined) {
    const first = await run(one, model, { ...calling, argv })
    keep({ ...about, name: `${one.name}-first`, argv }, first.end, ran)
    argv = one.resumes(sessionId.exec(first.end.stdout)?.groups?.["id"] ?? "none")
  }
  const { end, tookMs } = await run(one, model, { ...calling, argv })
  keep({ ...about, name: one.name, argv }, end, ran)
  const turns = model.questions.filter(({ aside }) => !aside).length
  console.log(agent.name, one.name, JSON.stringify(end.outcome), `${tookMs} ms, ${turns} turns`)
  rmSync(place.scratch, { recursive: true, force: true })
}

const [agentName, caseName] = process.argv.slice(2)
for (const agent of mockedAgents.filter(
  ({ name }) => agentName === undefined || name === agentName
)) {
  const chosen = casesOf(agent).filter(({ name }) => caseName === undefined || name === caseName)
  for (const one of chosen) await record(agent, one)
}
