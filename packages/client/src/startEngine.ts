/** Starts an engine for a home, out of the caller's process tree for good, and hears how it began. */
import { socketName } from "@backbeat/contract/protocol"
import { attended, defaultSilentMs } from "./attended.ts"
import type { Place } from "./Home.ts"
import {
  NotStarted,
  Unreachable as UnreachableError,
  unreachable,
  type UnreachableProblem
} from "./Unreachable.ts"

/** What the engine program said: it serves, another one does, or nothing, because it died. */
export type Begun = "ready" | "elsewhere" | "silent"

/** For which home, and after how many silent milliseconds an engine that is beginning is looked at. */
export interface Starting extends Place {
  readonly silentMs?: number
}

/** Variables that an engine needs. Nothing else of the caller's environment goes into it: it outlives the caller. */
const passed =
  /^(PATH|HOME|USER|LOGNAME|SHELL|LANG|LC_.*|TZ|TMPDIR|XDG_.*|(BACKBEAT_)?(TASK_TIMEOUT|MAX_OUTPUT_BUFFER|LOG_LEVEL|CPU_THRESHOLD|MEMORY_RESERVE)|BACKBEAT_(IDLE_EXIT_MS|DEFAULT_AGENT|SETTLING_WINDOW_MS)|WORKER_SETTLING_WINDOW_MS|WORKER_MIN_SPAWN_DELAY_MS|CPU_CORES_RESERVED)$/u

const engineEnvironment = (): Record<string, string> => {
  // The engine collects garbage when it rests. The runtime would wake it every second to look for some.
  const kept: Record<string, string> = { BUN_GC_TIMER_DISABLE: "1" }
  for (const [name, value] of Object.entries(process.env)) {
    if (value !== undefined && passed.test(name)) kept[name] = value
  }
  return kept
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

/** What a line of the engine says; null when it is no notice, but for people, such as a line for the log. */
const understand = (line: string): Begun | null => {
  if (!line.startsWith("{")) return null
  const said: unknown = JSON.parse(line)
  if (typeof said !== "object" || said === null || !("state" in said)) return null
  if (said.state === "ready" || said.state === "elsewhere") return said.state
  if ("problem" in said && isProblem(said.problem)) throw new NotStarted(said.problem)
  return null
}

/** Reads up to the notice. What the engine does with its end of the pipe afterwards is its own affair. */
const hear = async (stdout: ReadableStream<Uint8Array>): Promise<Begun> => {
  const decoder = new TextDecoder()
  let text = ""
  for await (const chunk of stdout) {
    const lines = (text + decoder.decode(chunk, { stream: true })).split("\n")
    text = lines.pop() ?? ""
    for (const line of lines) {
      const begun = understand(line)
      if (begun !== null) return begun
    }
  }
  return "silent"
}

/**
 * Starts `engineCommand` with the home as arguments. The shell between ends at once, so that the engine is a child of
 * process 1, in a session of its own. Throws Unreachable with the reason that the engine gave, and when one that is beginning stands still.
 */
export const startEngine = async (
  engineCommand: ReadonlyArray<string>,
  { root, configPath, silentMs = defaultSilentMs }: Starting
): Promise<Begun> => {
  try {
    const shell = Bun.spawn(["/bin/sh", "-c", '"$@" &', "sh", ...engineCommand, root, configPath], {
      cwd: "/",
      env: engineEnvironment(),
      detached: true,
      stdio: ["ignore", "pipe", "ignore"]
    })
    const silence = {
      root,
      unix: `${root}/${socketName}`,
      silentMs,
      timeoutMs: null,
      since: performance.now()
    }
    return await attended(hear(shell.stdout), silence)
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
