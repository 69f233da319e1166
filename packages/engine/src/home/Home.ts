/** The state home: the folder with everything of one engine. */
import * as Context from "effect/Context"
import { join } from "node:path"

/** The paths in the home. `configPath` may be outside of it. */
export class Home extends Context.Service<
  Home,
  { readonly root: string; readonly configPath: string; readonly version: string }
>()("@backbeat/engine/Home") {}

/** The folder with the folders of all tasks. */
export const tasksDir = (root: string): string => join(root, "tasks")

/** The folder of a task: its environment and its attempts. */
export const taskDir = (root: string, id: string): string => join(tasksDir(root), id)

/** The folder with all environments, each stored once. */
export const environmentsDir = (root: string): string => join(root, "environments")

/** The folder of one attempt; the first is 1. */
export const attemptDir = (root: string, id: string, attempt: number): string =>
  join(taskDir(root, id), String(attempt))

/** The database. */
export const databasePath = (root: string): string => join(root, "backbeat.db")

/** The folder with reports of defects. */
export const reportDir = (root: string): string => join(root, "reports")

/** The folder with large answers. */
export const artifactDir = (root: string): string => join(root, "artifacts")

/** The name of a defect report; the instant is in epoch ms. */
export const reportName = (at: number): string =>
  `${new Date(at).toISOString().replaceAll(":", "-")}.txt`

/** Whether a file has the name of a defect report. */
export const isReportName = (name: string): boolean =>
  /^\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d\.\d{3}Z\.txt$/u.test(name)
