import { describe, expect, test } from "bun:test"
import { accepts, isAccepted } from "@backbeat/core/pipeline/accepts"
import { decide } from "@backbeat/core/pipeline/decide"
import type { PipelineCommand } from "@backbeat/core/pipeline/PipelineCommand"
import { created, evolve } from "@backbeat/core/pipeline/evolve"
import { pipelineLifecycle } from "@backbeat/core/pipeline/lifecycle"
import type { Pipeline } from "@backbeat/core/pipeline/Pipeline"
import { engine } from "@backbeat/core/history/Actor"
import * as Result from "effect/Result"

const owner = { sessionId: null, taskId: null, depth: 0 }
const running = created("p", { type: "pipeline.created", name: null, taskIds: [], owner }, 1)

const commands: ReadonlyArray<PipelineCommand> = [
  { type: "Cancel", reason: null },
  { type: "Restart", reason: null },
  { type: "Conclude", failed: null },
  { type: "Conclude", failed: "p.1" }
]

const after = (pipeline: Pipeline, command: PipelineCommand): Pipeline | null =>
  Result.match(decide(command, pipeline), {
    onFailure: () => null,
    onSuccess: (events) =>
      events.reduce((now, event) => evolve(now, event, { at: 2, actor: engine }), pipeline)
  })

/** All pipelines that commands can make of one that was just created. */
const reached = (): ReadonlyArray<Pipeline> => {
  const found = new Map([[JSON.stringify(running.state), running]])
  for (const pipeline of found.values()) {
    for (const command of commands) {
      const next = after(pipeline, command)
      if (next !== null) found.set(JSON.stringify(next.state), next)
    }
  }
  return [...found.values()]
}

describe("the table of commands that a pipeline accepts", () => {
  test("has each possible transition, and no other", () => {
    const taken = reached().flatMap((pipeline) =>
      commands.flatMap((command) => {
        const next = after(pipeline, command)
        return next === null
          ? []
          : [`${pipeline.state.status} ${command.type} ${next.state.status}`]
      })
    )
    const drawn = Object.entries(accepts).flatMap(([from, its]) =>
      Object.entries(its).flatMap(([command, to]: readonly [string, ReadonlyArray<string>]) =>
        to.map((status) => `${from} ${command} ${status}`)
      )
    )
    expect([...new Set(taken)].toSorted()).toEqual(drawn.toSorted())
  })

  test("lists exactly the commands that are not rejected", () => {
    for (const pipeline of reached()) {
      for (const command of commands) {
        expect([pipeline.state.status, command.type, after(pipeline, command) !== null]).toEqual([
          pipeline.state.status,
          command.type,
          isAccepted(pipeline.state.status, command.type)
        ])
      }
    }
  })

  test("is printed with a sentence for each status and command", () => {
    const texts = [
      ...Object.values(pipelineLifecycle.statuses),
      ...Object.values(pipelineLifecycle.commands)
    ]
    expect(texts.filter((text) => !/^[A-Z].+\.$/u.test(text))).toEqual([])
  })
})
