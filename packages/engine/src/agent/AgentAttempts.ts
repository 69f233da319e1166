/** Follows the attempts of agents: what they say is kept as it comes, and at the end becomes their result. */
import { agentOf } from "./knownAgents.ts"
import type { AttemptEnd } from "@backbeat/core/task/AttemptEnd"
import { keptBytes, keptLines } from "@backbeat/core/checkpoint/Checkpoint"
import type { Task } from "@backbeat/core/task/Task"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { attemptDir, Home } from "../home/Home.ts"
import { readEnvironment } from "../home/KeptEnvironment.ts"
import { Settings } from "../home/Settings.ts"
import type { OutputWatch } from "../output/Growth.ts"
import { lastLinesOf } from "../output/lastLinesOf.ts"
import { AgentOutput } from "./AgentOutput.ts"
import { gitState } from "./gitState.ts"

/** Follows attempts of agents. Other attempts are no concern of it. */
export class AgentAttempts extends Context.Service<
  AgentAttempts,
  {
    /** Reads an attempt's output whenever it has grown, until the returned function is called; null when it is no agent's. */
    readonly follow: (task: Task, output: OutputWatch) => (() => void) | null
    /** The end of an attempt with what the agent said of its work and the work tree that it left. */
    readonly conclude: (task: Task, end: AttemptEnd) => Effect.Effect<AttemptEnd>
  }
>()("@backbeat/engine/AgentAttempts") {}

const keyOf = ({ id, state }: Task): string => `${id}#${state.attempt}`

const make = Effect.gen(function* () {
  const { root } = yield* Home
  const settings = yield* Settings
  const run = Effect.runForkWith(yield* Effect.context())
  const followed = new Map<string, ReturnType<typeof readingOf>>()

  const readingOf = (task: Task) => {
    const { work } = task.spec
    if (work.kind !== "prompt") return null
    const agent = agentOf(settings.current(), work.agent)
    if (agent === null) return null
    const dir = attemptDir(root, task.id, task.state.attempt)
    const reader = agent.reader(work)
    return { dir, reader, output: new AgentOutput(dir, reader) }
  }

  const follow = (task: Task, output: OutputWatch) => {
    const reading = readingOf(task)
    if (reading === null) return null
    followed.set(keyOf(task), reading)
    const unsubscribe = output.subscribe(() => void run(reading.output.catchUp))
    run(reading.output.catchUp)
    return () => {
      unsubscribe()
      followed.delete(keyOf(task))
    }
  }

  const conclude = Effect.fnUntraced(function* (task: Task, end: AttemptEnd) {
    const { kind } = end.outcome
    if (task.spec.work.kind !== "prompt" || kind === "notSpawned") return end
    const reading = followed.get(keyOf(task)) ?? readingOf(task)
    if (reading === null) return end
    yield* reading.output.finish
    const stderr = yield* lastLinesOf({ dir: reading.dir, stream: "stderr", lines: keptLines, maxBytes: keptBytes })
    const agent = reading.reader.conclude({ outcome: end.outcome, stderr: stderr.join("\n") })
    const git = yield* gitState(task.spec.cwd, readEnvironment(root, task.id) ?? {})
    return { ...end, agent, ...(git === null ? {} : { git }) }
  })

  return AgentAttempts.of({
    follow,
    conclude: (task, end) =>
      Effect.catchCause(conclude(task, end), (cause) =>
        Effect.as(Effect.logError(`the output of agent task ${task.id} could not be read`, cause), end)
      )
  })
})

/** Follows attempts in the home. */
export const layerAgentAttempts = Layer.effect(AgentAttempts, make)
