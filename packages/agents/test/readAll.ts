// Reads a whole output, as the engine does it: line by line, then the rest, then the end.
import type { AgentOutcome } from "@backbeat/core/task/AgentOutcome"
import type { Outcome } from "@backbeat/core/task/AttemptEnd"
import type { AgentWork } from "@backbeat/core/task/AgentWork"
import type { Agent } from "../src/Agent.ts"

export interface Reading {
  readonly shown: ReadonlyArray<string>
  readonly sessionId: string | null
  readonly outcome: AgentOutcome
}

export const exited = (exitCode: number): Outcome => ({ kind: "exited", exitCode })

export const killed: Outcome = { kind: "signalled", signal: "SIGKILL" }

export const readAll = (
  agent: Agent,
  work: AgentWork,
  { lines, outcome = exited(0), stderr = "" }: { lines: ReadonlyArray<string>; outcome?: Outcome; stderr?: string }
): Reading => {
  const reader = agent.reader(work)
  const shown = [...lines.flatMap((line) => reader.take(line)), ...reader.rest()]
  return { shown, sessionId: reader.sessionId(), outcome: reader.conclude({ outcome, stderr }) }
}

/** Events as the lines of an output. */
export const linesOf = (...events: ReadonlyArray<unknown>): ReadonlyArray<string> =>
  events.map((event) => (typeof event === "string" ? event : JSON.stringify(event)))
