/** Finds the tasks that a call names: by ids, by a tag, or as those of the caller's session. */
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

/** The ways to name tasks, other than by a single id. */
export interface Selection {
  readonly ids?: ReadonlyArray<string>
  readonly tag?: string
  readonly mine?: boolean
}

const pageTasks = 500

/** How many tags a hint lists. */
const shownTags = 20

const liveStatuses = statuses.filter((status) => !isFinal(status))

/**
 * The key under which the caller's own tasks are stored: its session, otherwise its terminal. Fails
 * with CommandInputError if it has neither.
 */
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

/** Builds a function that returns the ids of the tasks that a call names. */
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

    /** A mistyped tag must not look like finished work. */
    const unknownTag = Effect.fnUntraced(function* (tag: string) {
      const { tasks } = yield* Effect.mapError(store.list({}, { limit: pageTasks }), toProblem)
      const tags = [...new Set(tasks.flatMap(({ spec }) => spec.tags))]
      const near = nearest(tag, tags)
      const known =
        tags.length === 0
          ? sentence`Run ${callOf("list")} to see the tasks and their tags.`
          : `Tags of the newest tasks: ${tags.slice(0, shownTags).join(", ")}.`
      const missing = problem(
        "TaskNotFound",
        `no task has the tag ${tag}`,
        near === null ? known : `Did you mean ${near}?`,
        { tag, nearest: near }
      )
      return near === null ? missing : withChange(missing, { tag: near })
    })

    const idsTagged = Effect.fnUntraced(function* (tag: string, status: TaskFilter["status"]) {
      const found = yield* idsOf({ tags: [tag], status })
      if (found.length > 0) return found
      const { total } = yield* Effect.mapError(store.list({ tags: [tag] }, { limit: 1 }), toProblem)
      return total > 0 ? [] : yield* Effect.fail(yield* unknownTag(tag))
    })

    /**
     * The ids; for tags and sessions newest first. With `live`, tasks that have ended are left out.
     */
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

/** Requires that a payload names one thing by its id. Otherwise fails with CommandInputError. */
export const requireId = <A extends { readonly id?: string }>(
  input: A
): Result.Result<A & { readonly id: string }, Problem> => {
  const { id } = input
  return id === undefined
    ? Result.fail(wrongField("id", "is missing", "Each item of an array needs exactly one id."))
    : Result.succeed({ ...input, id })
}

const selecting: ReadonlySet<string> = new Set(["id", "ids", "tag", "mine"])

/** The allowed ways to name tasks, and whether ended tasks are left out. */
interface ExpandOptions {
  readonly ways: string
  readonly live: boolean
}

/**
 * Builds a function that expands a payload that names several tasks into one payload for each.
 * Fails with CommandInputError if no way or more than one is used.
 */
export const makeExpand = once(
  Effect.map(
    makeSelect,
    (select) =>
      ({ ways, live }: ExpandOptions) =>
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
