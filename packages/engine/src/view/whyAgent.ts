/** What `why` tells of the agent of a task. */
import type { Output } from "@backbeat/contract/table"
import type { Task } from "@backbeat/core/task/Task"
import * as Effect from "effect/Effect"
import { endOfStream } from "../output/endOfStream.ts"
import { readableDir } from "../output/readableDir.ts"
import { iso } from "./taskAnswer.ts"

type Reason = Output<"why">["because"][number]

/** What an agent's permissions have refused. */
export const deniedOf = ({ spec, state }: Task): ReadonlyArray<Reason> => {
  const end = "end" in state ? state.end : null
  const { allowedBy, denied = [], deniedMore = 0 } = end?.agent?.result ?? {}
  if (spec.work.kind !== "prompt" || end === null || denied.length === 0) return []
  const calls = denied.map(({ tool, what }) => `${tool} ${what}`.trim()).join("; ")
  const more = deniedMore === 0 ? "" : `; and ${deniedMore} more`
  const help =
    allowedBy === undefined ? "" : `; permissionMode ${allowedBy.permissionMode} would allow it`
  return [
    {
      what: `${spec.work.agent} was denied by its permissions: ${calls}${more}${help}`,
      since: iso(end.endedAt)
    }
  ]
}

/** What an agent said last before it ran out of time: it may have waited for something all the while. */
export const lastSaid = Effect.fnUntraced(function* (root: string, task: Task) {
  const { state, spec } = task
  if (
    spec.work.kind !== "prompt" ||
    state.status !== "failed" ||
    !["TimedOut", "StalledOutput"].includes(state.failure.type)
  )
    return []
  const [line] = yield* endOfStream({
    dir: readableDir(root, task, state.attempt),
    stream: "stdout",
    lines: 1,
    maxBytes: 2000
  })
  return line === undefined
    ? []
    : [{ what: `the last output of ${spec.work.agent}: ${line}`, since: iso(state.end.endedAt) }]
})
