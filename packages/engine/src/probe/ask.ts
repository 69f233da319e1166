/** Runs one probe of a task: a URL, a port or a shell command. */
import type { Probe } from "@backbeat/core/task/Probe"
import { probeTiming } from "@backbeat/core/task/Probe"
import * as Effect from "effect/Effect"
import type { Variables } from "../home/TaskEnvironment.ts"
import { type Answer, askTcp } from "../process/askTcp.ts"
import { signalGroup } from "../process/posix.ts"
import { shellFor } from "../process/shimCall.ts"
import { errorMessage } from "../process/thrown.ts"

/** A probe that asks the task, unlike `log`, which reads its output. */
export type Question = Exclude<Probe, { readonly log: string }>

/** The working directory and environment of a command probe. */
export interface CommandContext {
  readonly cwd: string
  readonly env: Variables
}

const askHttp = (url: string, expectStatus: number | undefined): Effect.Effect<Answer> =>
  Effect.tryPromise({
    try: async (signal) => {
      const response = await fetch(url, { signal, redirect: "manual" })
      await response.body?.cancel()
      const right =
        expectStatus === undefined ? response.status < 400 : response.status === expectStatus
      return right ? null : `status ${response.status}`
    },
    catch: errorMessage
  }).pipe(Effect.catch(Effect.succeed))

const askCommand = (command: string, { cwd, env }: CommandContext): Effect.Effect<Answer> =>
  Effect.callback<Answer>((resume) => {
    try {
      const child = Bun.spawn([...shellFor(env), "-c", command], {
        cwd,
        env: { ...env },
        detached: true,
        stdio: ["ignore", "ignore", "ignore"],
        onExit: (_, code, signal) =>
          resume(Effect.succeed(code === 0 ? null : `exit ${code ?? signal}`))
      })
      return Effect.sync(() => void signalGroup(child.pid, "SIGKILL"))
    } catch (thrown) {
      resume(Effect.succeed(errorMessage(thrown)))
    }
  })

const askWithoutLimit = (question: Question, context: CommandContext): Effect.Effect<Answer> => {
  if ("http" in question) return askHttp(question.http, question.expectStatus)
  if ("tcp" in question) return askTcp(question.tcp.host ?? "localhost", question.tcp.port)
  return askCommand(question.command, context)
}

/**
 * Runs the probe once, for at most `timeoutMs`. Returns null if the answer was right, otherwise a
 * description of what came instead.
 */
export const ask = (question: Question, context: CommandContext): Effect.Effect<Answer> => {
  const { timeoutMs } = probeTiming(question)
  return Effect.timeoutOrElse(askWithoutLimit(question, context), {
    duration: timeoutMs,
    orElse: () => Effect.succeed(`no answer within ${timeoutMs} ms`)
  })
}
