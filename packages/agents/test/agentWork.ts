// Agent work for tests. Every field that a test does not set is left to the agent.
import type { AgentWork } from "@backbeat/core/task/AgentWork"
import type { CallSetting } from "../src/Agent.ts"

const plain: AgentWork = {
  kind: "prompt",
  prompt: "-fix the tests\nplease",
  agent: "claude",
  model: null,
  effort: null,
  systemPrompt: null,
  permissionMode: "edit",
  maxTurns: null,
  maxCostUsd: null,
  outputSchema: null,
  session: null,
  after: null
}

export const workOf = (fields: Partial<AgentWork> = {}): AgentWork => ({ ...plain, ...fields })

export const settingOf = (
  command: string,
  args: ReadonlyArray<string> = [],
  env: Readonly<Record<string, string>> = {}
): CallSetting => ({
  command,
  args,
  folder: "/home/t/attempt",
  env
})

export const answerSchema = { type: "object", properties: { answer: { type: "integer" } } }
