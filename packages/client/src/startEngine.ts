/**
 * Starts an engine for a home, outside of the caller's process tree, and reads its startup report.
 */
import { socketName } from "@backbeat/contract/protocol"
import { awaitAnswer, defaultSilentMs } from "./awaitAnswer.ts"
import type { HomePaths } from "./Home.ts"
import {
  NotStarted,
  Unreachable as UnreachableError,
  unreachable,
  type UnreachableProblem
} from "./Unreachable.ts"

/**
 * The startup report: the engine serves, another engine does, or there is no report because it
 * died.
 */
export type StartupResult = "ready" | "elsewhere" | "silent"

/**
 * The home, and the time without a report after which a starting engine is checked, in
 * milliseconds.
 */
export interface StartOptions extends HomePaths {
  readonly silentMs?: number
}

/**
 * The variables that an engine needs. It outlives its caller, so it gets no others from the
 * caller's environment.
 */
const passed =
  /^(PATH|HOME|USER|LOGNAME|SHELL|LANG|LC_.*|TZ|TMPDIR|XDG_.*|(BACKBEAT_)?(TASK_TIMEOUT|MAX_OUTPUT_BUFFER|LOG_LEVEL|CPU_THRESHOLD|MEMORY_RESERVE)|BACKBEAT_(IDLE_EXIT_MS|DEFAULT_AGENT|SETTLING_WINDOW_MS)|WORKER_SETTLING_WINDOW_MS|WORKER_MIN_SPAWN_DELAY_MS|CPU_CORES_RESERVED)$/u

const engineEnvironment = (): Record<string, string> => {
  // The engine collects garbage when it is idle. The runtime's timer would wake it every second.
  const variables: Record<string, string> = { BUN_GC_TIMER_DISABLE: "1" }
  for (const [name, value] of Object.entries(process.env)) {
    if (value !== undefined && passed.test(name)) variables[name] = value
  }
  return variables
}

const isProblem = (value: unknown): value is UnreachableProblem =>
  typeof value === "object" &&
  value !== null &&
  "type" in value &&
  typeof value.type === "string" &&
  "message" in value &&
  typeof value.message === "string" &&
  "hint" in value &&
  (typeof value.hint === "string" || typeof value.hint === "object") &&
  "details" in value &&
  typeof value.details === "object"

/**
 * The result in a line of the engine; null if the line is not a notice, but a log line for people.
 */
const parseNotice = (line: string): StartupResult | null => {
  if (!line.startsWith("{")) return null
  const said: unknown = JSON.parse(line)
  if (typeof said !== "object" || said === null || !("state" in said)) return null
  if (said.state === "ready" || said.state === "elsewhere") return said.state
  if ("problem" in said && isProblem(said.problem)) throw new NotStarted(said.problem)
  return null
}

/** Reads the output of the engine up to the notice, and ignores what follows. */
const readNotice = async (stdout: ReadableStream<Uint8Array>): Promise<StartupResult> => {
  const decoder = new TextDecoder()
  let text = ""
  for await (const chunk of stdout) {
    const lines = (text + decoder.decode(chunk, { stream: true })).split("\n")
    text = lines.pop() ?? ""
    for (const line of lines) {
      const result = parseNotice(line)
      if (result !== null) return result
    }
  }
  return "silent"
}

/**
 * Starts `engineCommand` with the home as arguments. The shell between them exits at once, so that
 * the engine is a child of process 1 in its own session. Throws Unreachable with the reason that
 * the engine reported, or if a starting engine is not responsive.
 */
export const startEngine = async (
  engineCommand: ReadonlyArray<string>,
  { root, configPath, silentMs = defaultSilentMs }: StartOptions
): Promise<StartupResult> => {
  try {
    const shell = Bun.spawn(["/bin/sh", "-c", '"$@" &', "sh", ...engineCommand, root, configPath], {
      cwd: "/",
      env: engineEnvironment(),
      detached: true,
      stdio: ["ignore", "pipe", "ignore"]
    })
    const wait = {
      root,
      unix: `${root}/${socketName}`,
      silentMs,
      timeoutMs: null,
      since: performance.now()
    }
    return await awaitAnswer(readNotice(shell.stdout), wait)
  } catch (thrown) {
    if (thrown instanceof UnreachableError) throw thrown
    const message = thrown instanceof Error ? thrown.message : String(thrown)
    throw new NotStarted(
      unreachable(
        `the engine could not be started: ${message}`,
        "Check that /bin/sh and the backbeat binary can be executed.",
        { home: root }
      ).problem
    )
  }
}
