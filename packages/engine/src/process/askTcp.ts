/** Asks whether a TCP port accepts connections. */
import * as Effect from "effect/Effect"
import type { connect as Connect } from "node:net"

/** Null when the answer was right, else what came instead. */
export type Answer = string | null

const answerOf = (connect: typeof Connect, host: string, port: number): Effect.Effect<Answer> =>
  Effect.callback<Answer>((resume) => {
    const socket = connect({ host, port })
    socket.once("connect", () => {
      socket.destroy()
      resume(Effect.succeed(null))
    })
    socket.once("error", (error) => resume(Effect.succeed(error.message)))
    return Effect.sync(() => socket.destroy())
  })

/** Servers that listen on `localhost` take one of these: which, depends on the server and on the machine. */
const loopback = ["127.0.0.1", "::1"]

/** Whether a port accepts connections. The module is loaded here: it costs a beginning engine more than the database does. */
export const askTcp = (host: string, port: number): Effect.Effect<Answer> =>
  Effect.gen(function* () {
    const { connect } = yield* Effect.promise(() => import("node:net"))
    const flaws: Array<string> = []
    for (const each of host === "localhost" ? loopback : [host]) {
      const flaw = yield* answerOf(connect, each, port)
      if (flaw === null) return null
      flaws.push(flaw)
    }
    return flaws.join("; ")
  })

/** Whether a TCP port of this machine accepts connections, on 127.0.0.1 or ::1. */
export const isOpenPort = (port: number): Effect.Effect<boolean> =>
  Effect.map(askTcp("localhost", port), (answer) => answer === null)
