/** What a judge is asked, and how its answer is read. */
import type { StartInput } from "@backbeat/contract/operation/start"
import type { Evaluation, Strategy } from "@backbeat/core/loop/LoopSpec"
import type { AgentResult } from "@backbeat/core/task/AgentOutcome"
import type { AgentWork } from "@backbeat/core/task/AgentWork"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { agentOf } from "../configuration/knownAgents.ts"
import type { Configuration } from "../configuration/configuration.ts"

type Judge = Extract<Evaluation, { readonly kind: "judge" }>

/** Every field is required, as some agents demand of a schema. */
const answerSchema = (needsScore: boolean): Schema.JsonObject => ({
  type: "object",
  properties: {
    pass: { type: "boolean" },
    ...(needsScore ? { score: { type: "number" } } : {}),
    reason: { type: "string" }
  },
  required: needsScore ? ["pass", "score", "reason"] : ["pass", "reason"],
  additionalProperties: false
})

const answerText = (needsScore: boolean): string =>
  `End your answer with one JSON object and nothing behind it: {"pass": true or false, ${needsScore ? '"score": a number, ' : ""}"reason": "what is missing, for the one who works on it next"}.`

const blank: Omit<AgentWork, "agent" | "outputSchema" | "permissionMode"> = {
  kind: "prompt",
  prompt: "",
  model: null,
  effort: null,
  systemPrompt: null,
  maxTurns: null,
  maxCostUsd: null,
  session: null,
  after: null
}

/** Which of the fields an agent honours. One that is unknown is refused when the task is made. */
const honours = (
  config: Configuration,
  name: string | null,
  fields: Pick<AgentWork, "outputSchema" | "permissionMode">
) => {
  const agent = name === null ? null : agentOf(config, name)
  const unable = agent?.unsupportedFields({ ...blank, agent: agent.name, ...fields }) ?? []
  return (field: string): boolean => !unable.some((each) => each.field === field)
}

/** The payload of the task of a judge. `output` is where the iteration has written. */
export const judgeInput = (
  { prompt, agent, model }: Judge,
  strategy: Strategy,
  config: Configuration,
  output: string | null
): StartInput => {
  const needsScore = strategy.kind === "optimize"
  const outputSchema = answerSchema(needsScore)
  const name = agent ?? config.defaultAgent
  const does = honours(config, name, { outputSchema, permissionMode: "plan" })
  const asked = [
    prompt,
    ...(output === null ? [] : [`What is judged has written to ${output}.`]),
    "Judge only: change nothing.",
    answerText(needsScore)
  ].join("\n\n")
  return {
    prompt: asked,
    ...(agent === null ? {} : { agent }),
    ...(model === null ? {} : { model }),
    ...(does("outputSchema") ? { outputSchema } : {}),
    ...(does("permissionMode") ? { permissionMode: "plan" as const } : {})
  }
}

const decodeJson = Schema.decodeUnknownOption(Schema.fromJsonString(Schema.JsonObject))

/** The last JSON object of a text, with or without a fence around it. */
const lastObject = (text: string): unknown => {
  const end = text.lastIndexOf("}")
  for (let from = text.lastIndexOf("{", end); from >= 0; from = text.lastIndexOf("{", from - 1)) {
    const found = Option.getOrNull(decodeJson(text.slice(from, end + 1)))
    if (found !== null) return found
    if (from === 0) return null
  }
  return null
}

/** What a judge has answered: by its schema, or at the end of its text. */
export const judgement = ({ structured, text }: AgentResult): unknown =>
  structured ?? lastObject(text)
