/** Processes by the marks in their environment, seen without backbeat's own code. */
import { readdirSync, readFileSync } from "node:fs"
import { isAlive } from "../Rig.ts"

/** The pids of live processes that carry the marks of a home and of one of its tasks. */
export const markedWith = (home: string, taskId: string): ReadonlyArray<number> =>
  readdirSync("/proc")
    .filter((name) => /^\d+$/u.test(name))
    .filter((pid) => {
      try {
        const environment = readFileSync(`/proc/${pid}/environ`, "utf8").split("\0")
        return (
          environment.includes(`BACKBEAT_HOME=${home}`) &&
          environment.includes(`BACKBEAT_TASK_ID=${taskId}`)
        )
      } catch {
        return false
      }
    })
    .map(Number)
    .filter(isAlive)
