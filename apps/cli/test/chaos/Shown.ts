/** Tasks as backbeat shows them, as far as these tests look. */
import * as Schema from "effect/Schema"
import type { Rig } from "../Rig.ts"

const ShownTask = Schema.Struct({
  id: Schema.String,
  status: Schema.String,
  attempt: Schema.Int,
  pid: Schema.NullOr(Schema.Int),
  exitCode: Schema.NullOr(Schema.Int),
  failure: Schema.NullOr(
    Schema.Struct({ type: Schema.String, evidence: Schema.optionalKey(Schema.String) })
  ),
  endedAt: Schema.NullOr(Schema.String)
})
export type ShownTask = typeof ShownTask.Type

const decodeOne = Schema.decodeUnknownSync(Schema.Struct({ task: ShownTask }))
const decodeMany = Schema.decodeUnknownSync(Schema.Struct({ tasks: Schema.Array(ShownTask) }))

/** The task of an answer. */
export const shownOf = (data: unknown): ShownTask => decodeOne(data).task

/** The tasks of an answer. */
export const tasksOf = (data: unknown): ReadonlyArray<ShownTask> => decodeMany(data).tasks

/** Ends when a line of the task's output matches. */
export const atLine = async (rig: Rig, id: string, log: string): Promise<void> => {
  await rig.data("wait", { id, for: { log } })
}
