/** A task: its specification, its owner and its state. */
import * as Schema from "effect/Schema"
import { TaskId } from "./TaskId.ts"
import { Lineage, TaskSpec } from "./TaskSpec.ts"
import { Owner } from "../identity/Owner.ts"
import { TaskState } from "./TaskState.ts"

/**
 * A task as it is stored. `restartCount` is the number of attempts after the first. Instants are
 * epoch milliseconds.
 */
export const Task = Schema.Struct({
  id: TaskId,
  spec: TaskSpec,
  owner: Owner,
  lineage: Lineage,
  createdAt: Schema.Finite,
  restartCount: Schema.Int,
  state: TaskState
})
export type Task = typeof Task.Type
