/** Does what a call asks for once: a call whose connection broke is sent again, whatever has become of its tasks meanwhile. */
import { type Problem, problem } from "@backbeat/contract/Problem"
import type { Task } from "@backbeat/core/task/Task"
import { RequestStore } from "@backbeat/store/RequestStore"
import type { StoreError } from "@backbeat/store/StoreError"
import { TaskStore } from "@backbeat/store/TaskStore"
import * as Effect from "effect/Effect"
import type { Tx } from "../commit/Tx.ts"
import type { Origin } from "./Origin.ts"
import { type Part, readDone, writeDone } from "./done.ts"
import { once } from "../wiring/once.ts"

/** What an earlier sending of a call has done, by part, and how more of it is noted. */
export interface RequestEffects {
  readonly before: ReadonlyMap<string, Part>
  readonly note: (part: string, made: Part) => void
  /** The task of a part: the one that is noted, whatever has become of it, or what the body makes. */
  readonly task: <E>(
    part: string,
    body: Effect.Effect<Task, E>
  ) => Effect.Effect<Task, E | Problem | StoreError>
}

/** What the call has made is not there any more. */
export const madeAndGone = (kind: "task" | "pipeline", id: string): Problem =>
  problem(
    kind === "task" ? "TaskNotFound" : "PipelineNotFound",
    `this call created ${kind} ${id}, which has been removed since`,
    "Nothing ran a second time.",
    { id }
  )

/** Runs the body in a transaction and notes what it has done; made once. */
export const makeIdempotent = once(
  Effect.map(
    Effect.all([RequestStore, TaskStore]),
    ([requests, tasks]) =>
      <A, E>(
        tx: Tx,
        { requestId, repeated }: Pick<Origin, "requestId" | "repeated">,
        body: (doing: RequestEffects) => Effect.Effect<A, E>
      ): Effect.Effect<A, E | StoreError> =>
        Effect.gen(function* () {
          const found = repeated ? yield* requests.find(requestId) : null
          const before = new Map(found === null ? [] : Object.entries(readDone(found).parts ?? {}))
          const done = new Map(before)
          const note: RequestEffects["note"] = (part, made) => void done.set(part, made)
          const task: RequestEffects["task"] = (part, make) =>
            Effect.gen(function* () {
              const noted = before.get(part)
              if (noted !== undefined)
                return (
                  (yield* tasks.find(noted.id)) ??
                  (yield* Effect.fail(madeAndGone("task", noted.id)))
                )
              const made = yield* make
              note(part, { id: made.id, attempt: made.state.attempt })
              return made
            })
          const answer = yield* body({ before, note, task })
          if (done.size > before.size)
            yield* requests.note(requestId, tx.now, writeDone({ parts: Object.fromEntries(done) }))
          return answer
        })
  )
)
