/**
 * Builds the call of an agent for a task. Puts the checkpoints of earlier tasks before its prompt.
 */
import type { AgentCall } from "@backbeat/agents/Agent"
import type { Checkpoint } from "@backbeat/core/checkpoint/Checkpoint"
import { enrich } from "@backbeat/core/checkpoint/enrich"
import type { AgentWork, Predecessor } from "@backbeat/core/task/AgentWork"
import type { Task } from "@backbeat/core/task/Task"
import { TaskStore } from "@backbeat/store/TaskStore"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import { attemptDir, Home } from "../home/Home.ts"
import { readEnvironment } from "../home/TaskEnvironment.ts"
import { Settings } from "../configuration/Settings.ts"
import { makeTaskAtLastEnd } from "../checkpoint/taskAtLastEnd.ts"
import { agentEnvironment, agentOf, callSetting } from "../configuration/knownAgents.ts"
import { readCheckpoint } from "../checkpoint/readCheckpoint.ts"

/** The call cannot be built; the message says why. */
export class CallImpossible extends Data.TaggedError("CallImpossible")<{
  readonly message: string
}> {}

/**
 * How many earlier tasks a prompt contains at most. Of older ones nothing would be left after
 * shortening.
 */
const longestChain = 16

/** The prompt for a session that continues: the session knows the rest. */
const continuePrompt = "Continue your task where you stopped."

/**
 * Builds a function that returns the call of a task; null if its work is not a prompt. Fails with
 * CallImpossible or StoreError.
 */
export const makeAgentCall = Effect.gen(function* () {
  const { root } = yield* Home
  const store = yield* TaskStore
  const settings = yield* Settings
  const taskAtLastEnd = yield* makeTaskAtLastEnd

  /** The checkpoints of the chain of earlier tasks, newest first. */
  const chainOf = Effect.fnUntraced(function* (first: Predecessor) {
    const chain: Array<Checkpoint> = []
    let next: Predecessor | null = first
    while (next !== null && chain.length < longestChain) {
      const task: Task | null = yield* store.find(next.task)
      if (task === null && chain.length === 0) {
        return yield* new CallImpossible({
          message: `task ${next.task}, from which it continues, has been pruned`
        })
      }
      if (task === null) break
      const ended: Task = yield* taskAtLastEnd(task)
      chain.push(yield* readCheckpoint(root, ended))
      next = ended.spec.work.kind === "prompt" ? ended.spec.work.after : null
    }
    return chain
  })

  const promptOf = Effect.fnUntraced(function* ({ prompt, after, session }: AgentWork) {
    if (session !== null) return after?.added ?? continuePrompt
    if (after === null) return prompt
    return enrich({ how: after.how, prompt, added: after.added, chain: yield* chainOf(after) })
  })

  return Effect.fnUntraced(function* ({ id, owner, spec, state }: Task) {
    const { work } = spec
    if (work.kind !== "prompt") return null
    const config = settings.current()
    const agent = agentOf(config, work.agent)
    if (agent === null)
      return yield* new CallImpossible({
        message: `agent ${work.agent} is no longer configured`
      })
    const folder = attemptDir(root, id, state.attempt)
    const call = agent.call(
      { ...work, prompt: yield* promptOf(work) },
      callSetting(config, agent, { folder, env: readEnvironment(root, { id, owner }) ?? {} })
    )
    return {
      ...call,
      env: { ...agentEnvironment(config, agent, {}), ...call.env }
    } satisfies AgentCall
  })
})
