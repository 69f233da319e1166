/** Reads the checkpoint of an ended attempt from the stored task and the files of the attempt. */
import { type Checkpoint, keptBytes, keptLines } from "@backbeat/core/checkpoint/Checkpoint"
import type { Task } from "@backbeat/core/task/Task"
import { lastEnded } from "@backbeat/core/task/TaskState"
import type { Work } from "@backbeat/core/task/TaskSpec"
import * as Effect from "effect/Effect"
import { attemptDir } from "../home/Home.ts"
import { readEnvironment } from "../home/TaskEnvironment.ts"
import { endOfStream } from "../output/endOfStream.ts"
import { gitState } from "./gitState.ts"
import { readableDir } from "../output/readableDir.ts"

const requestOf = (work: Work): string => {
  switch (work.kind) {
    case "command":
      return [work.command, ...work.args].join(" ")
    case "script":
      return work.script
    case "prompt":
      return work.prompt
  }
}

/** The facts of the last end in the state. */
const factsOf = ({ id, state }: Task) => {
  const end = "end" in state ? state.end : null
  return {
    taskId: id,
    status: state.status,
    endedAt: end?.endedAt ?? null,
    exitCode: end?.outcome.kind === "exited" ? end.outcome.exitCode : null,
    failure: "failure" in state ? state.failure : null,
    git: end?.git ?? null,
    result: end?.agent?.result ?? null
  }
}

/**
 * The checkpoint of a task as it was at its last end, because the state of a restarted task does
 * not contain it. The work tree of an agent's attempt was read at its end, if that was possible in
 * time. That of commands and scripts is read now, because reading it at each end would cost more
 * than the task.
 */
export const readCheckpoint = Effect.fnUntraced(function* (root: string, task: Task) {
  const { spec } = task
  const facts = factsOf(task)
  const attempt = lastEnded(task.state)
  const lines = { lines: keptLines, maxBytes: keptBytes }
  return {
    ...facts,
    attempt,
    request: requestOf(spec.work),
    added: spec.work.kind === "prompt" ? (spec.work.after?.added ?? null) : null,
    gitOf: facts.git === null ? "now" : "end",
    stdout: yield* endOfStream({
      dir: readableDir(root, task, attempt),
      stream: "stdout",
      ...lines
    }),
    stderr: yield* endOfStream({
      dir: attemptDir(root, task.id, attempt),
      stream: "stderr",
      ...lines
    }),
    git: facts.git ?? (yield* gitState(spec.cwd, readEnvironment(root, task) ?? {}))
  } satisfies Checkpoint
})
