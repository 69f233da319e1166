// Reads a whole output, as the engine does it: line by line, then the rest, then the end.
import type { AgentOutcome } from "@backbeat/core/task/AgentOutcome"
import type { Outcome } from "@backbeat/core/task/AttemptEnd"
import type { AgentWork } from "@backbeat/core/task/AgentWork"
import type { Agent } from "../src/Agent.ts"

export interface Reading {
  readonly shown: ReadonlyArray<string>
  readonly outcome: AgentOutcome
}

/** An output; `handedOver` are the lines before which another reader goes on. */
export interface Output {
  readonly lines: ReadonlyArray<string>
  readonly outcome?: Outcome
  readonly stderr?: string
  readonly handedOver?: ReadonlyArray<number>
}

export const exited = (exitCode: number): Outcome => ({ kind: "exited", exitCode })

export const killed: Outcome = { kind: "signalled", signal: "SIGKILL" }

export const readAll = (
  agent: Agent,
  work: AgentWork,
  { lines, outcome = exited(0), stderr = "", handedOver = [] }: Output
): Reading => {
  let reader = agent.reader(work)
  const take = (line: string, at: number): ReadonlyArray<string> => {
    if (handedOver.includes(at)) {
      const kept = reader.keep()
      reader = agent.reader(work)
      if (!reader.goOn(kept)) throw new Error(`nobody can go on from ${kept}`)
    }
    return reader.take(line)
  }
  const shown = [...lines.flatMap(take), ...reader.rest()]
  return { shown, outcome: reader.conclude({ outcome, stderr }) }
}

/** Events as the lines of an output. */
export const linesOf = (...events: ReadonlyArray<unknown>): ReadonlyArray<string> =>
  events.map((event) => (typeof event === "string" ? event : JSON.stringify(event)))
