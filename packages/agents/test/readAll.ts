// Reads a whole output as the engine does: line by line, then the rest, then the end.
import type { AgentOutcome } from "@backbeat/core/task/AgentOutcome"
import type { Outcome } from "@backbeat/core/task/AttemptEnd"
import type { AgentWork } from "@backbeat/core/task/AgentWork"
import type { Agent } from "../src/Agent.ts"

export interface Reading {
  readonly shown: ReadonlyArray<string>
  readonly outcome: AgentOutcome
}

/** An output. Before each line in `handedOver`, another reader continues from the saved state. */
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
  const readLine = (line: string, at: number): ReadonlyArray<string> => {
    if (handedOver.includes(at)) {
      const state = reader.saveState()
      reader = agent.reader(work)
      if (!reader.restoreState(state)) throw new Error(`cannot continue from ${state}`)
    }
    return reader.readLine(line)
  }
  const shown = [...lines.flatMap(readLine), ...reader.flush()]
  return { shown, outcome: reader.finish({ outcome, stderr }) }
}

/** Events as the lines of an output. */
export const linesOf = (...events: ReadonlyArray<unknown>): ReadonlyArray<string> =>
  events.map((event) => (typeof event === "string" ? event : JSON.stringify(event)))
