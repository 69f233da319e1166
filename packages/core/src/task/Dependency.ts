/** A dependency: a task waits for the end of another. */
import * as Schema from "effect/Schema"
import { TaskId } from "./TaskId.ts"

/**
 * The required end: `success` (completed), `failure` (failed, or withdrawn because of an earlier
 * failure), or any `end`.
 */
export const DependencyCondition = Schema.Literals(["success", "failure", "end"])
export type DependencyCondition = typeof DependencyCondition.Type

/** A task, and the condition on its end. */
export const Dependency = Schema.Struct({ task: TaskId, on: DependencyCondition })
export type Dependency = typeof Dependency.Type
