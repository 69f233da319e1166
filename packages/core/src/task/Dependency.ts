/** What a task waits for: the end of another one. */
import * as Schema from "effect/Schema"
import { TaskId } from "./TaskId.ts"

/**
 * Which end is needed: `success` (completed), `failure` (failed, or withdrawn because something failed before it), or any `end`.
 */
export const DependencyCondition = Schema.Literals(["success", "failure", "end"])
export type DependencyCondition = typeof DependencyCondition.Type

/** A task that must have ended in this way. */
export const Dependency = Schema.Struct({ task: TaskId, on: DependencyCondition })
export type Dependency = typeof Dependency.Type
