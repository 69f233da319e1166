/** Asks a task one question: a URL, a port or a shell command. */
import type { Probe } from "@backbeat/core/task/Probe"
import { probeTiming } from "@backbeat/core/task/Probe"
import * as Effect from "effect/Effect"
import type { Variables } from "../home/TaskEnvironment.ts"
import { type Answer, askTcp } from "../process/askTcp.ts"
import { signalGroup } from "../process/posix.ts"
import { shellFor } from "../process/shimCall.ts"
import { errorMessage } from "../process/thrown.ts"

/** A probe that is asked, as opposed to `log`, which is listened for. */
export type Question = Exclude<Probe, { readonly log: string }>

/** Where a command probe runs. */
export interface Surroundings {
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

const askCommand = (command: string, { cwd, env }: Surroundings): Effect.Effect<Answer> =>
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

const put = (question: Question, surroundings: Surroundings): Effect.Effect<Answer> => {
  if ("http" in question) return askHttp(question.http, question.expectStatus)
  if ("tcp" in question) return askTcp(question.tcp.host ?? "localhost", question.tcp.port)
  return askCommand(question.command, surroundings)
}

/** Asks once, at most `timeoutMs` long. Null when the answer was right, else what came instead. */
export const ask = (question: Question, surroundings: Surroundings): Effect.Effect<Answer> => {
  const { timeoutMs } = probeTiming(question)
  return Effect.timeoutOrElse(put(question, surroundings), {
    duration: timeoutMs,
    orElse: () => Effect.succeed(`no answer within ${timeoutMs} ms`)
  })
}
