/** The state home: where everything of one engine is. */
import * as Context from "effect/Context"
import { join } from "node:path"

/** The paths below the home. `configPath` may be outside of it. */
export class Home extends Context.Service<
  Home,
  { readonly root: string; readonly configPath: string; readonly version: string }
>()("@backbeat/engine/Home") {}

/** Where the folders of the tasks are. */
export const tasksDir = (root: string): string => join(root, "tasks")

/** The folder of a task: its environment and its attempts. */
export const taskDir = (root: string, id: string): string => join(tasksDir(root), id)

/** Where environments are, each once. */
export const environmentsDir = (root: string): string => join(root, "environments")

/** The folder of one attempt; the first is 1. */
export const attemptDir = (root: string, id: string, attempt: number): string =>
  join(taskDir(root, id), String(attempt))

/** The database. */
export const databasePath = (root: string): string => join(root, "backbeat.db")

/** Where defects are written down. */
export const reportDir = (root: string): string => join(root, "reports")

/** Where large answers are put. */
export const artifactDir = (root: string): string => join(root, "artifacts")

/** What the report of a defect is called; the instant is in epoch ms. */
export const reportName = (at: number): string =>
  `${new Date(at).toISOString().replaceAll(":", "-")}.txt`

/** Whether a file of the report folder has such a name. */
export const isReportName = (name: string): boolean =>
  /^\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d\.\d{3}Z\.txt$/u.test(name)
