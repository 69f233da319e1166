/** The calls that are recorded: what the model says, how the agent is called, and how the call is ended. */
import type { Answer } from "./model/Answer.ts"
import type { Script } from "./model/MockModel.ts"
import type { MockedAgent } from "./setUp.ts"

/** One recorded call. */
export interface Case {
  readonly name: string
  readonly script: Script
  /** Arguments in place of the agent's plain ones. */
  readonly argv?: ReadonlyArray<string>
  /** What differs in the environment. */
  readonly env?: Readonly<Record<string, string | undefined>>
  /** Files in the folder of the call. */
  readonly files?: Readonly<Record<string, string>>
  /** Files in the home, in place of the agent's plain ones. */
  readonly homeFiles?: Readonly<Record<string, string>>
  /** Arguments for a call on the session of a first one. */
  readonly resumes?: (session: string) => ReadonlyArray<string>
  /** The signal that ends the call: as soon as the model was asked so many times, or after so many milliseconds. */
  readonly stop?: {
    readonly signal: NodeJS.Signals
    readonly turn?: number
    readonly afterMs?: number
  }
}

/** The folder that stands in a recording, and in a case, for the one of the call. */
export const folder = "/work/demo"

const limit = { signal: "SIGKILL", afterMs: 30_000 } as const
const unknown = "00000000-0000-4000-8000-000000000000"
const say = (text: string): Answer => ({ kind: "text", text })
const refuse = (status: number, message: string): Script => ({
  afterwards: { kind: "refuse", status, message }
})
const badRequest = refuse(400, "The request is not valid.")
const badKey = refuse(401, "The key is not valid.")
const tooMany = refuse(429, "Too many requests.")
const failing = refuse(500, "The server failed.")

const schema = JSON.stringify({
  type: "object",
  properties: { answer: { type: "integer" } },
  required: ["answer"],
  additionalProperties: false
})

// Before the `-` of Codex, which stands for the prompt.
const adding = (agent: MockedAgent, more: ReadonlyArray<string>): ReadonlyArray<string> =>
  agent.argv.at(-1) === "-" ? [...agent.argv.slice(0, -1), ...more, "-"] : [...agent.argv, ...more]

const writing = (agent: MockedAgent): Script => ({
  answers: [agent.writes(`${folder}/made.txt`, "made\n"), say("The file is written.")]
})

/** The model writes and runs what may not be written and run in the mode `plan`. */
const planning = (
  agent: MockedAgent,
  argv: ReadonlyArray<string>,
  env: Case["env"] = {}
): ReadonlyArray<Case> => [
  { name: "plan-write", script: writing(agent), argv, env },
  {
    name: "plan-shell",
    script: {
      answers: [agent.runs("sh -c 'echo made > made.txt'"), say("The command is through.")]
    },
    argv,
    env
  }
]

/** Arguments with another mode of permissions. */
const inMode = (agent: MockedAgent, mode: string, other: string): ReadonlyArray<string> =>
  agent.argv.map((each) => (each === mode ? other : each))

const ofClaude = (agent: MockedAgent): ReadonlyArray<Case> => {
  const structured = { argv: adding(agent, ["--json-schema", schema]) }
  const once = { env: { CLAUDE_CODE_MAX_RETRIES: "1" } }
  return [
    { name: "max-turns", script: writing(agent), argv: adding(agent, ["--max-turns", "1"]) },
    {
      name: "max-budget",
      script: writing(agent),
      argv: adding(agent, ["--max-budget-usd", "0.0001"])
    },
    {
      name: "structured",
      script: { answers: [{ kind: "tool", name: "StructuredOutput", input: { answer: 42 } }] },
      ...structured
    },
    { name: "structured-never", script: { afterwards: say("It is 42.") }, ...structured },
    ...planning(agent, inMode(agent, "acceptEdits", "plan")),
    { name: "no-login", script: {}, env: { ANTHROPIC_API_KEY: undefined } },
    { name: "auth-401-final", script: badKey, ...once, stop: limit },
    { name: "rate-limit-429-final", script: tooMany, ...once, stop: limit },
    { name: "error-500-final", script: failing, ...once, stop: limit }
  ]
}

const ofCodex = (agent: MockedAgent): ReadonlyArray<Case> => [
  {
    name: "structured",
    script: { answers: [say('{"answer":42}')] },
    argv: adding(agent, ["--output-schema", "schema.json"]),
    files: { "schema.json": schema }
  },
  ...planning(agent, inMode(agent, "workspace-write", "read-only")),
  { name: "no-login", script: {}, env: { CODEX_MOCK_KEY: undefined } },
  { name: "unknown-model", script: {}, argv: adding(agent, ["-m", "mock-model"]) }
]

const ofGemini = (agent: MockedAgent): ReadonlyArray<Case> => {
  const settings = {
    security: { auth: { selectedType: "gemini-api-key" } },
    general: { maxAttempts: 2 }
  }
  const twice = { homeFiles: { ".gemini/settings.json": JSON.stringify(settings) }, stop: limit }
  return [
    ...planning(agent, inMode(agent, "auto_edit", "plan")),
    { name: "no-login", script: {}, env: { GEMINI_API_KEY: undefined } },
    { name: "rate-limit-429-final", script: tooMany, ...twice },
    { name: "error-500-final", script: failing, ...twice }
  ]
}

const ofOpencode = (agent: MockedAgent): ReadonlyArray<Case> => [
  { name: "denied", script: { answers: [agent.writes("/work/other.txt", "made\n")] } },
  ...planning(agent, adding(agent, ["--agent", "plan"]), {
    OPENCODE_PERMISSION: JSON.stringify({ edit: "deny", bash: "deny" })
  }),
  { name: "unknown-model", script: {}, argv: adding(agent, ["-m", "mock/unknown"]) },
  // opencode's number of attempts cannot be set: it gives up after 70 seconds.
  { name: "rate-limit-429-final", script: tooMany, stop: { signal: "SIGKILL", afterMs: 120_000 } }
]

interface Own {
  readonly cases: (agent: MockedAgent) => ReadonlyArray<Case>
  readonly resume: (agent: MockedAgent, session: string) => ReadonlyArray<string>
  readonly unknownSession: string
}

const own: Readonly<Record<string, Own>> = {
  claude: {
    cases: ofClaude,
    resume: (agent, session) => adding(agent, ["--resume", session]),
    unknownSession: unknown
  },
  codex: {
    cases: ofCodex,
    resume: (agent, session) => adding(agent, ["resume", session]),
    unknownSession: unknown
  },
  gemini: {
    cases: ofGemini,
    resume: (agent, session) => adding(agent, ["-r", session]),
    unknownSession: unknown
  },
  opencode: {
    cases: ofOpencode,
    resume: (agent, session) => adding(agent, ["-s", session]),
    unknownSession: "ses_unknown"
  }
}

/** Every case of an agent, the plain ones first. */
export const casesOf = (agent: MockedAgent): ReadonlyArray<Case> => {
  const mine = own[agent.name]
  if (mine === undefined) throw new Error(`no cases for ${agent.name}`)
  const stalls: Script = { afterwards: { kind: "stall" } }
  return [
    { name: "success", script: { answers: [say("Everything is fine.")] } },
    { name: "tool-call", script: writing(agent) },
    {
      name: "shell-call",
      script: {
        answers: [agent.runs("sh -c 'echo made > made.txt'"), say("The command is through.")]
      }
    },
    {
      name: "resume",
      script: { answers: [say("First."), say("Second.")] },
      resumes: (session) => mine.resume(agent, session)
    },
    { name: "resume-unknown", script: {}, argv: mine.resume(agent, mine.unknownSession) },
    ...mine.cases(agent),
    { name: "sigterm", script: stalls, stop: { signal: "SIGTERM", turn: 1 } },
    { name: "sigint", script: stalls, stop: { signal: "SIGINT", turn: 1 } },
    { name: "stall", script: stalls, stop: { signal: "SIGKILL", afterMs: 10_000 } },
    { name: "error-400", script: badRequest, stop: limit },
    { name: "auth-401", script: badKey, stop: limit },
    { name: "rate-limit-429", script: tooMany, stop: limit },
    { name: "error-500", script: failing, stop: limit },
    {
      name: "error-in-stream",
      script: { afterwards: { kind: "break", message: "The server is overloaded." } },
      stop: limit
    }
  ]
}
