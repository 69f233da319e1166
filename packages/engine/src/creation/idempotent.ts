/**
 * Makes calls idempotent: a call that is sent again after a broken connection does nothing twice,
 * even if its tasks have changed meanwhile.
 */
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

/** What an earlier delivery of the call has done, by part, and how further results are recorded. */
export interface RequestEffects {
  readonly before: ReadonlyMap<string, Part>
  readonly note: (part: string, made: Part) => void
  /** The task of a part: the recorded one, or the one that the body creates. */
  readonly task: <E>(
    part: string,
    body: Effect.Effect<Task, E>
  ) => Effect.Effect<Task, E | Problem | StoreError>
}

const notFound = {
  task: "TaskNotFound",
  pipeline: "PipelineNotFound",
  schedule: "ScheduleNotFound"
} as const

/** The problem that what the call created has been removed. */
export const createdButRemoved = (kind: keyof typeof notFound, id: string): Problem =>
  problem(
    notFound[kind],
    `this call created ${kind} ${id}, which has been removed since`,
    "Nothing ran a second time.",
    { id }
  )

/** Builds a function that runs a body in a transaction and records its results. */
export const makeIdempotent = once(
  Effect.map(
    Effect.all([RequestStore, TaskStore]),
    ([requests, tasks]) =>
      <A, E>(
        tx: Tx,
        { requestId, repeated }: Pick<Origin, "requestId" | "repeated">,
        body: (effects: RequestEffects) => Effect.Effect<A, E>
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
                  (yield* Effect.fail(createdButRemoved("task", noted.id)))
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
