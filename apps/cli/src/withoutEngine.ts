/** What a call that starts no engine answers when none runs. It changes nothing in the home. */
import { findHome, type Place } from "@backbeat/client/Home"
import type { NotStarted } from "@backbeat/client/Unreachable"
import { lookUp } from "@backbeat/contract/discovery"
import { succeeded } from "@backbeat/contract/Envelope"
import * as Result from "effect/Result"
import { existsSync } from "node:fs"
import type { TypedCall } from "./commandLine.ts"
import { textFor } from "./discover.ts"
import { complain } from "./explain.ts"
import { judging } from "./judging.ts"
import { outgoing } from "./outgoing.ts"
import { print } from "./print.ts"

const environment = (): Record<string, string> =>
  Object.fromEntries(
    Object.entries(process.env).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, value]]
    )
  )

const answerOf = async (
  operation: string,
  place: Place,
  refusal: NotStarted | null
): Promise<unknown> => {
  switch (operation) {
    case "engine stop":
      return { stopped: false, pid: null, liveTasks: 0 }
    case "config path":
      return { path: place.configPath, exists: existsSync(place.configPath) }
    case "doctor": {
      const { doctorWithoutEngine } = await import("@backbeat/engine/doctor/doctorWithoutEngine")
      return doctorWithoutEngine(
        place,
        judging(process.env),
        environment(),
        refusal?.problem ?? null
      )
    }
    default:
      return {
        running: false,
        home: place.root,
        version: null,
        pid: null,
        startedAt: null,
        tasks: null,
        rssBytes: null
      }
  }
}

/** Prints the answer; the exit code. `refusal` says why an engine that the call would have liked could not be started. */
export const withoutEngine = async (
  line: TypedCall,
  refusal: NotStarted | null
): Promise<number> => {
  const { operation, home, pretty } = line
  const found = lookUp(operation)
  if (Result.isFailure(found)) return complain(operation, found.failure)
  const data = await answerOf(operation, findHome(home, process.env), refusal)
  const { flags } = await outgoing(line)
  const shown =
    flags["human"] === true
      ? await textFor(data, { flags })
      : JSON.stringify(succeeded(operation, data), null, pretty ? 2 : undefined)
  await print("stdout", `${shown}\n`)
  return 0
}
