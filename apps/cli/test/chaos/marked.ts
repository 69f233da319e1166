/** Processes by the marks in their environment, seen without backbeat's own code. */
import { readdirSync, readFileSync } from "node:fs"
import { isAlive } from "../processes.ts"

/** The task of a live process that carries the mark of the home; null of any other. */
const taskOf = (pid: string, mark: Buffer): string | null => {
  try {
    const environment = readFileSync(`/proc/${pid}/environ`)
    if (!environment.includes(mark)) return null
    return /(?:^|\0)BACKBEAT_TASK_ID=([^\0]*)\0/u.exec(environment.toString())?.[1] ?? null
  } catch {
    return null
  }
}

/** The pids of live processes that carry the marks of a home and of a task, by the task's id, in one reading. */
export const markedIn = (home: string): ReadonlyMap<string, ReadonlyArray<number>> => {
  const mark = Buffer.from(`BACKBEAT_HOME=${home}\0`)
  const found = new Map<string, Array<number>>()
  for (const pid of readdirSync("/proc").filter((name) => /^\d+$/u.test(name))) {
    const id = taskOf(pid, mark)
    if (id === null || !isAlive(Number(pid))) continue
    found.set(id, [...(found.get(id) ?? []), Number(pid)])
  }
  return found
}

/** Those of one task. */
export const markedWith = (home: string, taskId: string): ReadonlyArray<number> =>
  markedIn(home).get(taskId) ?? []
