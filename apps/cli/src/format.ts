/**
 * Whether the answer is for a person: by the flags of the call, otherwise by the setting, which
 * only counts on a terminal without an agent.
 */
import { findHome } from "@backbeat/client/Home"
import { onTerminal } from "./terminal.ts"

/** Agents have terminals too. These variables show that an agent is running. */
const agentMarks = [
  "CLAUDECODE",
  "CLAUDE_CODE_SESSION_ID",
  "CODEX_THREAD_ID",
  "CODEX_SESSION_ID",
  "CODEX_SANDBOX",
  "GEMINI_CLI",
  "OPENCODE",
  "OPENCODE_SESSION_ID",
  "BACKBEAT_TASK_ID"
]

const configured = async (home: string | undefined): Promise<boolean> => {
  try {
    const content: unknown = await Bun.file(findHome(home, process.env).configPath).json()
    return (
      typeof content === "object" &&
      content !== null &&
      "format" in content &&
      content.format === "human"
    )
  } catch {
    // Without a valid file the default applies.
    return false
  }
}

const homeIn = (typed: ReadonlyArray<string>): string | undefined => {
  const at = typed.findIndex((each) => each === "--home" || each.startsWith("--home="))
  const word = typed[at]
  return word?.startsWith("--home=") === true
    ? word.slice("--home=".length)
    : at < 0
      ? undefined
      : typed[at + 1]
}

const chosen = async (typed: ReadonlyArray<string>): Promise<boolean> => {
  if (typed.includes("--json") || typed.includes("--pretty")) return false
  if (agentMarks.some((name) => (process.env[name] ?? "") !== "") || !(await onTerminal()))
    return false
  const { BACKBEAT_FORMAT: format } = process.env
  return format === "human" || (format !== "json" && (await configured(homeIn(typed))))
}

/** Whether this call is answered with text for people. */
export const isForPeople = async (
  args: ReadonlyArray<string> = process.argv.slice(2)
): Promise<boolean> => {
  const end = args.indexOf("--")
  const typed = end < 0 ? args : args.slice(0, end)
  return typed.includes("--human") || chosen(typed)
}
