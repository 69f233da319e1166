/** How each agent CLI is pointed at the mock model: no login, no network, all its state in a scratch home. */
import { mkdirSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import type { Answer } from "./model/Answer.ts"
import pinned from "./pinned/package.json" with { type: "json" }

const versions = pinned.dependencies

/** Where an agent runs, and which model it asks. */
export interface Place {
  /** The mock model's URL. */
  readonly url: string
  readonly home: string
}

/** An agent CLI as the tests know it. */
export interface MockedAgent {
  readonly name: string
  /** The version that is installed for the tests, and was recorded. */
  readonly version: string
  /** A plain call that may edit files; the prompt goes on standard input. */
  readonly argv: readonly [command: string, ...args: ReadonlyArray<string>]
  readonly environment: (place: Place) => Readonly<Record<string, string>>
  /** Files below the home. */
  readonly files: (place: Place) => Readonly<Record<string, string>>
  /** The model writes a file (absolute path), in this agent's tools. */
  readonly writes: (path: string, text: string) => Answer
  /** The model runs a shell command, in this agent's tools. */
  readonly runs: (command: string) => Answer
}

const claude: MockedAgent = {
  name: "claude",
  version: versions["@anthropic-ai/claude-code"],
  argv: [
    "claude",
    "-p",
    "--output-format",
    "stream-json",
    "--verbose",
    "--permission-mode",
    "acceptEdits"
  ],
  environment: ({ url, home }) => ({
    ANTHROPIC_BASE_URL: url,
    ANTHROPIC_API_KEY: "mock-key",
    CLAUDE_CONFIG_DIR: join(home, ".claude"),
    CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: "1",
    DISABLE_AUTOUPDATER: "1"
  }),
  files: () => ({}),
  writes: (path, content) => ({ kind: "tool", name: "Write", input: { file_path: path, content } }),
  runs: (command) => ({
    kind: "tool",
    name: "Bash",
    input: { command, description: "Runs a command" }
  })
}

const codexConfig = (url: string) => `model = "gpt-5.5"
model_provider = "mock"
check_for_update_on_startup = false

[model_providers.mock]
name = "mock"
base_url = "${url}/v1"
wire_api = "responses"
env_key = "CODEX_MOCK_KEY"

[analytics]
enabled = false
`

const codex: MockedAgent = {
  name: "codex",
  version: versions["@openai/codex"],
  argv: [
    "codex",
    "-a",
    "never",
    "exec",
    "--json",
    "--skip-git-repo-check",
    "-s",
    "workspace-write",
    "-"
  ],
  environment: ({ home }) => ({ CODEX_HOME: join(home, ".codex"), CODEX_MOCK_KEY: "mock-key" }),
  files: ({ url }) => ({ ".codex/config.toml": codexConfig(url) }),
  writes: (path, text) => ({
    kind: "tool",
    name: "apply_patch",
    input: [
      "*** Begin Patch",
      `*** Add File: ${path}`,
      ...text
        .replace(/\n$/u, "")
        .split("\n")
        .map((line) => `+${line}`),
      "*** End Patch",
      ""
    ].join("\n")
  }),
  runs: (cmd) => ({ kind: "tool", name: "exec_command", input: { cmd } })
}

const gemini: MockedAgent = {
  name: "gemini",
  version: versions["@google/gemini-cli"],
  argv: ["gemini", "--approval-mode", "auto_edit", "--skip-trust", "-o", "stream-json"],
  environment: ({ url }) => ({ GOOGLE_GEMINI_BASE_URL: url, GEMINI_API_KEY: "mock-key" }),
  files: () => ({
    ".gemini/settings.json": JSON.stringify({
      security: { auth: { selectedType: "gemini-api-key" } },
      general: { enableAutoUpdate: false, enableAutoUpdateNotification: false },
      privacy: { usageStatisticsEnabled: false },
      telemetry: { enabled: false }
    })
  }),
  writes: (path, content) => ({
    kind: "tool",
    name: "write_file",
    input: { file_path: path, content }
  }),
  runs: (command) => ({ kind: "tool", name: "run_shell_command", input: { command } })
}

const opencodeConfig = (url: string) => ({
  $schema: "https://opencode.ai/config.json",
  autoupdate: false,
  share: "disabled",
  model: "mock/mock-model",
  small_model: "mock/mock-model",
  enabled_providers: ["mock"],
  provider: {
    mock: {
      npm: "@ai-sdk/openai-compatible",
      name: "mock",
      options: { baseURL: `${url}/v1`, apiKey: "mock-key" },
      models: {
        "mock-model": {
          name: "mock-model",
          tool_call: true,
          limit: { context: 200_000, output: 8000 }
        }
      }
    }
  }
})

const opencode: MockedAgent = {
  name: "opencode",
  version: versions["opencode-ai"],
  argv: ["opencode", "run", "--format", "json"],
  environment: ({ url }) => ({
    OPENCODE_CONFIG_CONTENT: JSON.stringify(opencodeConfig(url)),
    OPENCODE_DISABLE_AUTOUPDATE: "1",
    OPENCODE_DISABLE_MODELS_FETCH: "1",
    OPENCODE_DISABLE_LSP_DOWNLOAD: "1",
    OPENCODE_DISABLE_DEFAULT_PLUGINS: "1"
  }),
  files: () => ({}),
  writes: (path, content) => ({ kind: "tool", name: "write", input: { filePath: path, content } }),
  runs: (command) => ({
    kind: "tool",
    name: "bash",
    input: { command, description: "Runs a command" }
  })
}

/** The agent CLIs that are tested. */
export const mockedAgents: ReadonlyArray<MockedAgent> = [claude, codex, gemini, opencode]

/** Writes the agent's files into the home and answers with the whole environment of its calls. */
export const setUp = (agent: MockedAgent, place: Place): Readonly<Record<string, string>> => {
  for (const [path, text] of Object.entries(agent.files(place))) {
    const file = join(place.home, path)
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, text)
  }
  // The agents leave sockets, libraries and reports in the temporary folder.
  const temporary = join(place.home, "tmp")
  mkdirSync(temporary, { recursive: true })
  return {
    PATH: process.env["PATH"] ?? "",
    HOME: place.home,
    TMPDIR: temporary,
    XDG_CONFIG_HOME: join(place.home, ".config"),
    XDG_DATA_HOME: join(place.home, ".local", "share"),
    XDG_STATE_HOME: join(place.home, ".local", "state"),
    XDG_CACHE_HOME: join(place.home, ".cache"),
    ...agent.environment(place)
  }
}
