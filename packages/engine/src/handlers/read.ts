/** Answers `status` and `list`. */
import { operations } from "@backbeat/contract/table"
import { TaskStore } from "@backbeat/store/TaskStore"
import * as Effect from "effect/Effect"
import { handle, toProblem } from "./Call.ts"
import { View, wrongField } from "./View.ts"

/** The handler of `status`. */
export const makeStatusHandler = Effect.gen(function* () {
  const view = yield* View
  return handle(operations.status, ({ id }) => Effect.map(view.find(id), (task) => ({ task: view.show(task) })))
})

const isCursor = (text: string): boolean => /^\d{1,15}$/u.test(text)

/** The handler of `list`. */
export const makeListHandler = Effect.gen(function* () {
  const store = yield* TaskStore
  const view = yield* View
  return handle(operations.list, (input) =>
    Effect.gen(function* () {
      const { status, tag, tags, since, limit, after, full } = input
      if (after !== undefined && !isCursor(after)) {
        return yield* Effect.fail(wrongField("after", "is no cursor that an answer gave", "Give the `next` of the page before."))
      }
      const wanted = [...(tags ?? []), ...(tag === undefined ? [] : [tag])]
      const page = yield* Effect.mapError(
        store.list(
          {
            ids: input.ids,
            status: typeof status === "string" ? [status] : status,
            tags: wanted.length === 0 ? undefined : wanted,
            queue: input.queue,
            sessionId: input.sessionId,
            kind: input.kind,
            since: since === undefined ? undefined : Date.parse(since)
          },
          { limit: limit ?? 50, after }
        ),
        toProblem("")
      )
      return { total: page.total, tasks: page.tasks.map(full === true ? view.show : view.brief), next: page.next }
    })
  )
})
