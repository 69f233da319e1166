/** Answers `agents list`, `agents check` and `init`. */
import { callOf, sentence, firstOf } from "@backbeat/contract/Text"
import { type AgentEntry } from "@backbeat/contract/operation/agents"
import { problem } from "@backbeat/contract/Problem"
import * as operations from "@backbeat/contract/operation/agents"
import * as Effect from "effect/Effect"
import { agentNames } from "../configuration/knownAgents.ts"
import { inspectAgents } from "../agent/inspectAgents.ts"
import { flawsOfAgent } from "../configuration/agentFlaws.ts"
import { Home } from "../home/Home.ts"
import { Settings } from "../configuration/Settings.ts"
import { unknownAgent } from "../creation/agentWork.ts"
import { type Call, handle, type Handler } from "../call/Call.ts"
import { problemsOf } from "../doctor/agentProblems.ts"
import { makeChangeConfiguration } from "./changeConfiguration.ts"
import { type Surface, writeHint } from "@backbeat/contract/surface/Surface"
import { CallerSurface } from "../call/written.ts"
import { wrongField } from "../call/wrongField.ts"

/** The handlers of operations on agents. */
export const makeAgentsHandlers = Effect.gen(function* () {
  const { configPath } = yield* Home
  const settings = yield* Settings
  const { set } = yield* makeChangeConfiguration

  const inspect = ({ caller }: Call, name?: string) =>
    Effect.gen(function* () {
      const config = settings.current()
      if (name !== undefined && !agentNames(config).includes(name))
        return yield* Effect.fail(unknownAgent(name, config))
      return yield* inspectAgents(config, caller.env ?? {}, name === undefined ? undefined : [name])
    })

  const misconfigured = ({ agent }: AgentEntry, surface: Surface) =>
    flawsOfAgent(settings.current(), agent).map(({ path, message }) => ({
      message: `${path} in the configuration: ${message}`,
      fix: writeHint(
        firstOf(
          sentence`${callOf("config reset", { key: path })}`,
          `Reset ${path} in the configuration.`
        ),
        surface
      ),
      serious: true
    }))

  const choose = Effect.fnUntraced(function* (name: string | undefined, call: Call) {
    const installed = (yield* inspect(call, name)).filter((each) => each.installed)
    const [only, another] = installed
    if (only !== undefined && another === undefined) return only
    if (name !== undefined) {
      const [agent] = yield* inspect(call, name)
      const hint =
        agent === undefined
          ? sentence`Run ${callOf("agents list")} to see the agents.`
          : `Install it: ${agent.install}`
      return yield* Effect.fail(
        problem("AgentUnavailable", `agent ${name} is not installed`, hint, { agent: name })
      )
    }
    if (only === undefined) {
      return yield* Effect.fail(
        problem(
          "AgentUnavailable",
          "no agent is installed",
          sentence`Run ${callOf("agents list")} to see how to install one.`,
          {}
        )
      )
    }
    const names = installed.map(({ agent }) => agent).join(", ")
    return yield* Effect.fail(
      wrongField(
        "agent",
        `is missing, and several agents are installed: ${names}`,
        `Name one of them: {"agent":"${only.agent}"}.`
      )
    )
  })

  const handlers: ReadonlyArray<Handler> = [
    handle(operations.agentsList, (_, call) => Effect.map(inspect(call), (agents) => ({ agents }))),
    handle(operations.agentsCheck, ({ agent }, call) =>
      Effect.gen(function* () {
        const entries = yield* inspect(call, agent)
        const surface = yield* CallerSurface
        const usable = entries.filter(
          (each) => agent !== undefined || each.installed || each.default
        )
        // If no agent is installed, each is listed with how to install it.
        const agents = (usable.length === 0 ? entries : usable)
          .map((each) => ({
            ...each,
            problems: [
              ...misconfigured(each, surface),
              ...problemsOf(each).map((one) => ({ ...one, fix: writeHint(one.fix, surface) }))
            ]
          }))
          .map((each) => ({ ...each, ok: each.problems.every(({ serious }) => !serious) }))
        return { ok: agents.every(({ ok }) => ok), agents }
      })
    ),
    handle(operations.init, ({ agent }, call) =>
      Effect.gen(function* () {
        const chosen = yield* choose(agent, call)
        yield* set(["defaultAgent"], chosen.agent)
        return { defaultAgent: chosen.agent, path: configPath, agent: { ...chosen, default: true } }
      })
    )
  ]
  return handlers
})
