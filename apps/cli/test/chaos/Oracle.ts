/** What really ran: each attempt tells so by itself in a file of its task, opened for appending, whoever looks on. */
import { mkdirSync, readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import type { SeenAttempt } from "@backbeat/engine/test/oracle/judgeTask"

/** How a task of the oracle is to behave: how long it takes, in seconds, and how it ends. */
export interface Behaviour {
  readonly seconds: number
  readonly exitCode: number
  /** A shell text that runs between the lines "start" and "end". */
  readonly meanwhile?: string
}

/** When the machine was booted (epoch ms), read once, so that no two instants change places. */
const bootedAt = Date.now() - Number.parseFloat(readFileSync("/proc/uptime", "utf8")) * 1000

/** The instant (epoch ms) of so many seconds since boot. */
const instantOf = (seconds: number): number => Math.round(bootedAt + seconds * 1000)

/** Reads what the kernel knows with nothing but the shell itself: a process for each word would cost more than the task. Source: proc_pid_stat(5). */
const readTicks = `read -r ${Array.from({ length: 21 }, (_, at) => `f${at}`).join(" ")} ticks rest </proc/$PPID/stat`
const readUptime = "read -r uptime rest </proc/uptime"

/** The files of a scratch folder in which tasks tell what they do. */
export class Oracle {
  readonly dir: string

  constructor(scratch: string) {
    this.dir = join(scratch, "oracle")
    mkdirSync(this.dir, { recursive: true })
  }

  /** The script of a task that tells its attempts and their ends. Each line is one append. */
  script(id: string, { seconds, exitCode, meanwhile = `sleep ${seconds}` }: Behaviour): string {
    return [
      `exec 8>>'${join(this.dir, id)}'`,
      readTicks,
      readUptime,
      'echo "start $BACKBEAT_ATTEMPT $$ $uptime $ticks" >&8',
      meanwhile,
      "echo line of $BACKBEAT_ATTEMPT",
      readUptime,
      `echo "end $BACKBEAT_ATTEMPT $uptime ${exitCode}" >&8`,
      `exit ${exitCode}`
    ].join("\n")
  }

  /** The ids of the tasks of which anything ran. */
  ids(): ReadonlyArray<string> {
    return readdirSync(this.dir)
  }

  /** Every attempt of a task that began, in the order of their beginning; two of one number are two copies. */
  attempts(id: string): ReadonlyArray<SeenAttempt> {
    if (!this.ids().includes(id)) return []
    const words = readFileSync(join(this.dir, id), "utf8")
      .trim()
      .split("\n")
      .map((line) => line.split(" "))
    return words.flatMap(([what, attempt, pid, startedAt, ticks]) => {
      if (what !== "start") return []
      const [, , endedAt, exitCode] =
        words.find((line) => line[0] === "end" && line[1] === attempt) ?? []
      return [
        {
          attempt: Number(attempt),
          pid: Number(pid),
          startedAt: instantOf(Number(startedAt)),
          spawnedAt: instantOf(Number(ticks) / 100),
          endedAt: endedAt === undefined ? null : instantOf(Number(endedAt)),
          exitCode: exitCode === undefined ? null : Number(exitCode)
        }
      ]
    })
  }
}
