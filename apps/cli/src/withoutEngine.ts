/** Answers a call that does not start an engine when none runs. Changes nothing in the home. */
import { findHome, type HomePaths } from "@backbeat/client/Home"
import type { NotStarted } from "@backbeat/client/Unreachable"
import { succeeded } from "@backbeat/contract/Envelope"
import type { NamesByEngine } from "@backbeat/contract/names"
import { operations } from "@backbeat/contract/table"
import { existsSync } from "node:fs"
import type { TypedCall } from "./commandLine.ts"
import { textFor } from "./answerWith.ts"
import { judging } from "./judging.ts"
import { outgoing } from "./outgoing.ts"
import { print } from "./print.ts"

const environment = (): Record<string, string> =>
  Object.fromEntries(
    Object.entries(process.env).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, value]]
    )
  )

type Answer = (place: HomePaths, refusal: NotStarted | null) => unknown

const answers: Readonly<Record<NamesByEngine<"uses" | "prefers">, Answer>> = {
  "engine stop": () => ({ stopped: false, pid: null, liveTasks: 0 }),
  "engine status": ({ root }) => ({
    running: false,
    home: root,
    version: null,
    pid: null,
    startedAt: null,
    tasks: null,
    rssBytes: null
  }),
  "config path": ({ configPath }) => ({ path: configPath, exists: existsSync(configPath) }),
  doctor: async (place, refusal) => {
    const { doctorWithoutEngine } = await import("@backbeat/engine/doctor/doctorWithoutEngine")
    return doctorWithoutEngine(place, judging(process.env), environment(), refusal?.problem ?? null)
  }
}

const hasAnswer = (name: string): name is keyof typeof answers => Object.hasOwn(answers, name)

/**
 * Prints the answer. Returns the exit code. `refusal` says why an engine could not be started for
 * it.
 */
export const withoutEngine = async (
  line: TypedCall,
  refusal: NotStarted | null
): Promise<number> => {
  const { operation, home, pretty } = line
  if (!hasAnswer(operation)) throw new Error(`${operation} needs an engine`)
  const data = await answers[operation](findHome(home, process.env), refusal)
  const { flags } = await outgoing(line)
  const shown =
    flags["human"] === true
      ? await textFor(operations[operation].human, data, { flags })
      : JSON.stringify(succeeded(operation, data), null, pretty ? 2 : undefined)
  await print("stdout", `${shown}\n`)
  return 0
}
