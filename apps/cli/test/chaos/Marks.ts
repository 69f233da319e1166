/** What the tasks of a graph really did, and in which order: each tells its start and its end in one file that all append to. */
import { appendFileSync, readFileSync, watch, writeFileSync } from "node:fs"
import { join } from "node:path"
import type { GraphTask } from "@backbeat/engine/test/oracle/GraphModel"

/** One line: an attempt began (`value` is its pid) or came to its end (its exit code), or somebody is about to stop the task. */
export interface Mark {
  readonly what: "start" | "end" | "stop"
  readonly id: string
  readonly attempt: number
  readonly value: number
}

/** The file of a scratch folder. A line is one append, so the order of the lines is the order of what happened. */
export class Marks {
  readonly #path: string

  constructor(scratch: string) {
    this.#path = join(scratch, "marks")
    writeFileSync(this.#path, "")
  }

  /** The script of a task that tells its attempts; `meanwhile` is shell text. */
  script({ id, exitCodes }: GraphTask, meanwhile: string): string {
    const cases = exitCodes.map((exitCode, index) => `${index + 1}) code=${exitCode};;`)
    return [
      `exec 8>>'${this.#path}'`,
      `echo "start ${id} $BACKBEAT_ATTEMPT $$" >&8`,
      meanwhile,
      `case $BACKBEAT_ATTEMPT in ${cases.join(" ")} *) code=99;; esac`,
      `echo "end ${id} $BACKBEAT_ATTEMPT $code" >&8`,
      "exit $code"
    ].join("\n")
  }

  /** Tells that a task is about to be stopped. */
  stop(id: string): void {
    appendFileSync(this.#path, `stop ${id} 0 0\n`)
  }

  /** Ends when the next line comes, at most `patienceMs` later. */
  next(patienceMs: number): Promise<void> {
    return new Promise((resolve) => {
      const finish = () => {
        clearTimeout(timer)
        watcher.close()
        resolve()
      }
      const watcher = watch(this.#path, finish)
      const timer = setTimeout(finish, patienceMs)
    })
  }

  /** Everything so far. */
  all(): ReadonlyArray<Mark> {
    return readFileSync(this.#path, "utf8")
      .split("\n")
      .flatMap((line) => {
        const [what, id = "", attempt, value] = line.split(" ")
        if (what !== "start" && what !== "end" && what !== "stop") return []
        return [{ what, id, attempt: Number(attempt), value: Number(value) }]
      })
  }
}
