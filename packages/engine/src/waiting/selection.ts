/** Which tasks a call names: by their ids, by a tag, or as those that the caller's session has started. */
import { callOf, sentence } from "@backbeat/contract/Text"
import { nearest } from "@backbeat/contract/nearest"
import { type Problem, problem, withChange } from "@backbeat/contract/Problem"
import { isFinal, statuses } from "@backbeat/core/task/TaskState"
import { type TaskFilter, TaskStore } from "@backbeat/store/TaskStore"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import { terminalOf } from "../process/terminalOf.ts"
import { type Call, toProblem } from "../call/Call.ts"
import { wrongField } from "../call/wrongField.ts"
import { once } from "../wiring/once.ts"

/** How tasks are named beside a single id. */
export interface Selection {
  readonly ids?: ReadonlyArray<string>
  readonly tag?: string
  readonly mine?: boolean
}

const pageTasks = 500

/** So many tags stand in a hint. */
const shownTags = 20

const liveStatuses = statuses.filter((status) => !isFinal(status))

/** What the caller's own tasks are stored under: its session, else its terminal. Fails with CommandInputError where it has neither. */
export const ownKey = ({ caller }: Call): Effect.Effect<string, Problem> =>
  Effect.suspend(() => {
    const key = caller.sessionId ?? terminalOf(caller.pid)
    return key === null
      ? Effect.fail(
          wrongField(
            "mine",
            "requires a caller with a session or a terminal, and this one has neither",
            "Use ids or a tag."
          )
        )
      : Effect.succeed(key)
  })

/** Finds the tasks that a call names; made once. */
export const makeSelect = once(
  Effect.gen(function* () {
    const store = yield* TaskStore

    const idsOf = Effect.fnUntraced(function* (filter: TaskFilter) {
      const ids: Array<string> = []
      for (let after: string | undefined; ;) {
        const { tasks, next } = yield* Effect.mapError(
          store.list(filter, { limit: pageTasks, after }),
          toProblem
        )
        ids.push(...tasks.map((task) => task.id))
        if (next === null) return ids
        after = next
      }
    })

    /** A mistyped tag must not look like work that is done. */
    const noneTagged = Effect.fnUntraced(function* (tag: string) {
      const { tasks } = yield* Effect.mapError(store.list({}, { limit: pageTasks }), toProblem)
      const tags = [...new Set(tasks.flatMap(({ spec }) => spec.tags))]
      const near = nearest(tag, tags)
      const known =
        tags.length === 0
          ? sentence`Run ${callOf("list")} to see the tasks and their tags.`
          : `Tags of the newest tasks: ${tags.slice(0, shownTags).join(", ")}.`
      const told = problem(
        "TaskNotFound",
        `no task has the tag ${tag}`,
        near === null ? known : `Did you mean ${near}?`,
        { tag, nearest: near }
      )
      return near === null ? told : withChange(told, { tag: near })
    })

    const idsTagged = Effect.fnUntraced(function* (tag: string, status: TaskFilter["status"]) {
      const found = yield* idsOf({ tags: [tag], status })
      if (found.length > 0) return found
      const { total } = yield* Effect.mapError(store.list({ tags: [tag] }, { limit: 1 }), toProblem)
      return total > 0 ? [] : yield* Effect.fail(yield* noneTagged(tag))
    })

    /** The ids, of tags and sessions newest first; with `live` none that has ended. */
    return Effect.fnUntraced(function* (
      { ids, tag }: Selection,
      call: Call,
      { live }: { readonly live: boolean }
    ) {
      const status = live ? liveStatuses : undefined
      if (ids !== undefined) return [...new Set(ids)]
      if (tag !== undefined) return yield* idsTagged(tag, status)
      return yield* idsOf({ sessionId: yield* ownKey(call), status })
    })
  })
)

const oneIsNeeded = (ways: string): Problem =>
  wrongField("id", `exactly one of ${ways} is required`, "Use exactly one of them.")

/** A payload that names one thing by its id. Fails with CommandInputError for another. */
export const named = <A extends { readonly id?: string }>(
  input: A
): Result.Result<A & { readonly id: string }, Problem> => {
  const { id } = input
  return id === undefined
    ? Result.fail(wrongField("id", "is missing", "Each item of an array needs exactly one id."))
    : Result.succeed({ ...input, id })
}

const selecting: ReadonlySet<string> = new Set(["id", "ids", "tag", "mine"])

/** Which ways there are to name tasks, and whether those that have ended are left out. */
interface Expanding {
  readonly ways: string
  readonly live: boolean
}

/** Gives the payloads for which one stands that names several tasks; made once. Fails with CommandInputError for none and for two ways. */
export const makeExpand = once(
  Effect.map(
    makeSelect,
    (select) =>
      ({ ways, live }: Expanding) =>
        Effect.fnUntraced(function* (input: Selection & { readonly id?: string }, call: Call) {
          const { id, ids, tag, mine } = input
          const given = [id, ids, tag, mine === true ? mine : undefined].filter(
            (each) => each !== undefined
          )
          if (given.length !== 1) return yield* Effect.fail(oneIsNeeded(ways))
          if (id !== undefined) return null
          const rest = Object.fromEntries(
            Object.entries(input).filter(([key]) => !selecting.has(key))
          )
          return (yield* select(input, call, { live })).map((each) => ({ ...rest, id: each }))
        })
  )
)
