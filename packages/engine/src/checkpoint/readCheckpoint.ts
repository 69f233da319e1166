/** Reads what an ended attempt left: from the task as it is stored, and from the files of its attempt. */
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

/** What the state tells of the last end. */
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
 * The checkpoint of a task, given as it ended: of one that runs again the state tells no more of that. Of an agent's attempt the work tree is that of its end, unless nobody saw that in time; what commands
 * and scripts leave is looked at when somebody asks, because to do it at each of their ends would cost more than they do.
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
