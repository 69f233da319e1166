/** Delivers one notification. Logs a failed delivery to the engine's log. */
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import type { Variables } from "../home/TaskEnvironment.ts"
import { signalGroup } from "../process/posix.ts"
import { shellFor } from "../process/shimCall.ts"

/** The content of a notification, also passed as `BACKBEAT_...` variables to the command. */
export interface Notification {
  readonly event: "end" | "ready" | "log"
  readonly taskId: string
  readonly status: string
  readonly attempt: number
  readonly exitCode: number | null
  readonly failure: string | null
  readonly line: string | null
  /**
   * How many earlier matching lines were not delivered, because the previous delivery was still
   * under way.
   */
  readonly suppressed: number
}

const commandTimeoutMs = 60_000
const webhookTimeoutMs = 10_000
const webhookTries = 3

const variablesOf = (notification: Notification): Variables => ({
  BACKBEAT_EVENT: notification.event,
  BACKBEAT_TASK_ID: notification.taskId,
  BACKBEAT_STATUS: notification.status,
  BACKBEAT_EXIT_CODE: notification.exitCode === null ? "" : String(notification.exitCode),
  BACKBEAT_FAILURE: notification.failure ?? "",
  BACKBEAT_LINE: notification.line ?? "",
  BACKBEAT_SUPPRESSED: String(notification.suppressed)
})

/** Runs a shell command with the notification in its environment, for at most a minute. */
export const runCommand = (
  command: string,
  notification: Notification,
  { cwd, env }: { readonly cwd: string; readonly env: Variables }
): Effect.Effect<void> =>
  Effect.callback<string | null>((resume) => {
    try {
      const child = Bun.spawn([...shellFor(env), "-c", command], {
        cwd,
        env: { ...env, ...variablesOf(notification) },
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
    Effect.flatMap((problem) =>
      problem === null
        ? Effect.void
        : Effect.annotateLogs(
            Effect.logWarning(`the notify command of task ${notification.taskId} ${problem}`),
            { task: notification.taskId }
          )
    )
  )

/** Posts the notification as JSON. Tries three times. */
export const postWebhook = (url: string, notification: Notification): Effect.Effect<void> =>
  Effect.tryPromise(async (signal) => {
    const headers = { "content-type": "application/json" }
    const response = await fetch(url, {
      method: "POST",
      headers,
      body: JSON.stringify(notification),
      signal
    })
    await response.body?.cancel()
    if (!response.ok) throw new Error(`status ${response.status}`)
  }).pipe(
    Effect.timeout(webhookTimeoutMs),
    Effect.retry({ times: webhookTries - 1, schedule: Schedule.exponential(500) }),
    Effect.catch((error) =>
      Effect.annotateLogs(
        Effect.logWarning(`the webhook of task ${notification.taskId} failed: ${String(error)}`),
        { task: notification.taskId }
      )
    )
  )
