/** Reads from an attempt's folder when another engine spawned it. */
import type { Task } from "@backbeat/core/task/Task"
import { inspectAttempt } from "../process/inspectAttempt.ts"
import { spawnTime } from "../process/spawnTime.ts"
import { treeOf } from "./attemptSpec.ts"

/**
 * The shim's pid (null if unknown), and when its spawn returned (epoch ms; null if nothing was
 * spawned).
 */
export interface Spawn {
  readonly pid: number | null
  readonly startedAt: number | null
}

/** The spawn of a task's current attempt, according to its claim. */
export const foundSpawn = (root: string, task: Task): Spawn => {
  const { state } = task
  if ((state.status !== "running" && state.status !== "stopping") || state.startedAt === null)
    return { pid: null, startedAt: null }
  const { dir } = treeOf(root, task)
  const found = inspectAttempt(dir)
  return {
    pid: found.kind === "alive" ? found.pid : null,
    startedAt: spawnTime(dir, state.startedAt)
  }
}
