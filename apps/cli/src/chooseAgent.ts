/** Asks a person for the default agent. */
import { callEngine } from "@backbeat/client/callEngine"
import { agentsList } from "@backbeat/contract/operation/agents"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { isatty } from "node:tty"
import { createInterface } from "node:readline/promises"
import type { TypedCall } from "./commandLine.ts"
import { outgoing, targetOf } from "./outgoing.ts"
import { NotAnswered, onTerminal } from "./terminal.ts"

const decodeAnswer = Schema.decodeUnknownOption(
  Schema.fromJsonString(Schema.Struct({ data: agentsList.output }))
)

type Agents = (typeof agentsList.output.Type)["agents"]

const describe = (
  { agent, installed, version, auth, default: isDefault, install }: Agents[number],
  index: number
): string => {
  const login = auth.status === "missing" ? ", no login seen" : ""
  const state = installed ? `${version ?? "installed"}${login}` : `not installed: ${install}`
  return `  ${index + 1}. ${agent.padEnd(10)} ${state}${isDefault ? " (current default)" : ""}`
}

const findAgents = async (line: TypedCall): Promise<Agents> => {
  const asking: TypedCall = {
    ...line,
    operation: "agents list",
    payload: null,
    flags: {},
    pretty: false
  }
  const response = await callEngine(await targetOf(asking), await outgoing(asking))
  const answer = response === null ? Option.none() : decodeAnswer(await response.text())
  return Option.isSome(answer) ? answer.value.data.agents : []
}

const givenUp = (thrown: unknown): never => {
  throw thrown instanceof Error && thrown.name === "AbortError" ? new NotAnswered() : thrown
}

/**
 * The call of `init` with the chosen agent; unchanged if nobody can be asked. Throws NotAnswered.
 */
export const chooseAgent = async (line: TypedCall): Promise<TypedCall> => {
  if (!(await onTerminal()) || !isatty(0)) return line
  const agents = await findAgents(line)
  const terminal = createInterface({ input: process.stdin, output: process.stderr })
  try {
    process.stderr.write(`Agents on this machine:\n${agents.map(describe).join("\n")}\n`)
    const answer = (
      await terminal.question("Default agent (number or name): ").catch(givenUp)
    ).trim()
    const chosen = answer === "" ? agents.find((each) => each.default) : agents[Number(answer) - 1]
    const agent = chosen?.agent ?? answer
    return { ...line, payload: JSON.stringify(agent === "" ? {} : { agent }) }
  } finally {
    terminal.close()
  }
}
