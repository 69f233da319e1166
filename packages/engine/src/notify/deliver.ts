/** Delivers one notice. What cannot be delivered is written to the engine's log. */
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import type { Variables } from "../home/TaskEnvironment.ts"
import { signalGroup } from "../process/posix.ts"
import { shellFor } from "../process/shimCall.ts"

/** What is told, also as BACKBEAT_... variables of the command. */
export interface Notice {
  readonly event: "end" | "ready" | "log"
  readonly taskId: string
  readonly status: string
  readonly attempt: number
  readonly exitCode: number | null
  readonly failure: string | null
  readonly line: string | null
  /** How many lines that matched before this one were not told, because the notice before was still being delivered. */
  readonly suppressed: number
}

const commandTimeoutMs = 60_000
const webhookTimeoutMs = 10_000
const webhookTries = 3

const variablesOf = (notice: Notice): Variables => ({
  BACKBEAT_EVENT: notice.event,
  BACKBEAT_TASK_ID: notice.taskId,
  BACKBEAT_STATUS: notice.status,
  BACKBEAT_EXIT_CODE: notice.exitCode === null ? "" : String(notice.exitCode),
  BACKBEAT_FAILURE: notice.failure ?? "",
  BACKBEAT_LINE: notice.line ?? "",
  BACKBEAT_SUPPRESSED: String(notice.suppressed)
})

/** Runs a shell command with the notice in its environment, at most a minute long. */
export const runCommand = (
  command: string,
  notice: Notice,
  { cwd, env }: { readonly cwd: string; readonly env: Variables }
): Effect.Effect<void> =>
  Effect.callback<string | null>((resume) => {
    try {
      const child = Bun.spawn([...shellFor(env), "-c", command], {
        cwd,
        env: { ...env, ...variablesOf(notice) },
        detached: true,
        stdio: ["ignore", "ignore", "ignore"],
        onExit: (_, code, signal) =>
          resume(Effect.succeed(code === 0 ? null : `ended with ${code ?? signal}`))
      })
      return Effect.sync(() => void signalGroup(child.pid, "SIGKILL"))
    } catch (thrown) {
      resume(Effect.succeed(String(thrown)))
    }
  }).pipe(
    Effect.timeoutOrElse({
      duration: commandTimeoutMs,
      orElse: () => Effect.succeed("took over a minute")
    }),
    Effect.flatMap((flaw) =>
      flaw === null
        ? Effect.void
        : Effect.annotateLogs(
            Effect.logWarning(`the notify command of task ${notice.taskId} ${flaw}`),
            { task: notice.taskId }
          )
    )
  )

/** Posts the notice as JSON; tries three times. */
export const postWebhook = (url: string, notice: Notice): Effect.Effect<void> =>
  Effect.tryPromise(async (signal) => {
    const headers = { "content-type": "application/json" }
    const response = await fetch(url, {
      method: "POST",
      headers,
      body: JSON.stringify(notice),
      signal
    })
    await response.body?.cancel()
    if (!response.ok) throw new Error(`status ${response.status}`)
  }).pipe(
    Effect.timeout(webhookTimeoutMs),
    Effect.retry({ times: webhookTries - 1, schedule: Schedule.exponential(500) }),
    Effect.catch((error) =>
      Effect.annotateLogs(
        Effect.logWarning(`the webhook of task ${notice.taskId} failed: ${String(error)}`),
        { task: notice.taskId }
      )
    )
  )
