/** Tasks are started, stopped, restarted and removed while one means strikes at random moments; marks, pids and the tasks' own clocks tell what is so. */
import { attemptDir } from "@backbeat/engine/home/Home"
import { readExitRecord } from "@backbeat/engine/process/ExitRecord"
import * as Schema from "effect/Schema"
import type { Rig } from "../Rig.ts"
import type { SmallDisk } from "../SmallDisk.ts"
import { flawOf, isEnded, Judged, type Still } from "@backbeat/engine/test/oracle/judgeTask"
import { markedIn, markedWith } from "./marked.ts"
import { means } from "./means.ts"
import type { SeenAttempt } from "@backbeat/engine/test/oracle/judgeTask"
import { Oracle } from "./Oracle.ts"
import type { SeededRandom } from "@backbeat/engine/test/oracle/SeededRandom"
import { enginesOf } from "../processes.ts"

/** Which means, how often, by which chance. A full disk needs a disk. */
export interface RandomFaultsOptions {
  readonly means: keyof typeof means
  readonly rounds: number
  readonly random: SeededRandom
  readonly disk?: SmallDisk
}

/** What the rounds came to. `flaws` is empty when everything that was said is so. */
export interface RandomFaultsResult {
  readonly calls: number
  readonly tasks: number
  readonly attempts: number
  readonly flaws: ReadonlyArray<string>
}

const decodePage = Schema.decodeUnknownSync(
  Schema.Struct({
    data: Schema.Struct({ tasks: Schema.Array(Judged), next: Schema.NullOr(Schema.String) })
  })
)
const decodeTask = Schema.decodeUnknownSync(
  Schema.Struct({ data: Schema.Struct({ task: Judged }) })
)
const decodeRemoved = Schema.decodeUnknownSync(
  Schema.Struct({ data: Schema.Struct({ removed: Schema.Array(Schema.String) }) })
)
const decodeProblem = Schema.decodeUnknownOption(
  Schema.Struct({ error: Schema.Struct({ type: Schema.String }) })
)

/** Refusals that are right whenever they come. */
const fair = new Set(["IllegalTransition", "TaskWaitTimedOut", "TaskNotFound"])

/** How long before the stop a task's own end must lie for its exit code to be expected, in milliseconds. */
const surelyOverMs = 400

/** How long a task may run where a second is not enough: until another engine stands still, or for a stop to find its shim standing still. */
const timeoutMs: Partial<Record<keyof typeof means, number>> = {
  stoppedEngine: 1500,
  stoppedShim: 60_000
}

/** How soon after the last means each end is known (ms): what could not be stored is stored at one of the next tries. */
const knownWithinMs = 8000

const meanwhiles = [
  ":",
  "sleep 0.05",
  "sleep 0.3",
  "sleep 0.4",
  "sleep 60",
  "trap '' TERM; sleep 0.3",
  "(setsid sleep 60 >/dev/null 2>&1 &); sleep 0.05",
  "setsid sh -c 'exec 3>&- 8>&-; exec sleep 60' >/dev/null 2>&1 & sleep 0.05",
  "sh -c 'trap \"\" TERM; exec 8>&-; sleep 60; sleep 60' >/dev/null 2>&1 & sleep 0.02"
]
/** What ends by itself while a means lasts. */
const ending = ["sleep 0.1", "sleep 0.3", "sleep 0.7"]
/** What leaves processes when it has ended. */
const leaving = meanwhiles.slice(-3)
const lasting = ["sleep 0.4", "sleep 60"]

/** What most tasks of a means do, so that the fault affects something. */
const mostly: Partial<Record<keyof typeof means, ReadonlyArray<string>>> = {
  kill: leaving,
  // Some before the limit, some after it.
  stoppedEngine: ["sleep 0.3", "sleep 1.6", "sleep 1.7"],
  stoppedShim: ending,
  damage: lasting,
  fullDisk: ending
}

const workOf = (name: keyof typeof means, random: SeededRandom): string => {
  if (name === "crowd") return "sleep 0.3"
  return random.pick(random.below(3) > 0 ? (mostly[name] ?? meanwhiles) : meanwhiles)
}

/** A workload in one home, and the judgement on it. */
export class RandomFaults {
  readonly #rig: Rig
  readonly #options: RandomFaultsOptions
  readonly #random: SeededRandom
  readonly #oracle: Oracle
  readonly #ids: Array<string> = []
  readonly #busy = new Set<string>()
  readonly #damaged = new Set<string>()
  readonly #stopped = new Set<string>()
  readonly #still: Array<Still> = []
  readonly #flaws: Array<string> = []
  #calls = 0

  constructor(rig: Rig, options: RandomFaultsOptions) {
    this.#rig = rig
    this.#options = options
    this.#random = options.random
    this.#oracle = new Oracle(rig.scratch)
  }

  /** Runs the rounds, lets everything end, and judges. */
  async run(): Promise<RandomFaultsResult> {
    for (let round = 0; round < this.#options.rounds; round++) await this.#round(round)
    await this.#awaitEnds()
    const tasks = await this.#settle()
    for (const task of tasks) this.#judge(task)
    const left = [...markedIn(this.#rig.home).keys()]
    if (left.length > 0) this.#flaws.push(`alive when all was stopped: ${left.join(", ")}`)
    return {
      calls: this.#calls,
      tasks: this.#ids.length,
      attempts: this.#ids.reduce((sum, id) => sum + this.#oracle.attempts(id).length, 0),
      flaws: this.#flaws
    }
  }

  async #round(round: number): Promise<void> {
    // Two acts now and then, so that one comes into the other. Every third time there is something new to strike.
    const first = round % 3 === 2 ? this.#start(round) : this.#act(round)
    const isAlone = this.#options.means === "crowd" || this.#random.below(2) === 0
    const acts = [first, ...(isAlone ? [] : [this.#act(round)])]
    // In the middle of the calls, or a moment after them.
    if (this.#random.below(2) === 0) await Promise.all(acts)
    await Bun.sleep(this.#random.next() * 150)
    await means[this.#options.means]({
      home: this.#rig.home,
      round,
      random: this.#random,
      damaged: this.#damaged,
      stopped: this.#stopped,
      still: this.#still,
      disk: this.#options.disk ?? null,
      bringUp: async () => void (await this.#call("list", { limit: 1 }))
    })
    await Promise.all(acts)
    const engines = enginesOf(this.#rig.home)
    if (engines.length > 1) this.#flaws.push(`round ${round}: engines ${engines.join(", ")}`)
  }

  #act(round: number): Promise<void> {
    const known = this.#ids.filter((id) => !this.#busy.has(id))
    const what = known.length === 0 ? 0 : this.#random.below(9)
    if (what < 4) return this.#start(round)
    if (what === 8) return this.#prune()
    const id = this.#random.pick(known.slice(-8))
    return what < 6 ? this.#stop(id) : this.#alone(id, () => this.#call("restart", { id }))
  }

  async #start(round: number): Promise<void> {
    const isCrowd = this.#options.means === "crowd"
    const count = round % 3 === 2 ? 3 : 1 + this.#random.below(2)
    const specs = Array.from({ length: isCrowd ? 100 : count }, () => {
      const id = `t${round}-${this.#ids.length}`
      this.#ids.push(id)
      this.#busy.add(id)
      const exitCode = this.#random.pick([0, 1, 7])
      const meanwhile = workOf(this.#options.means, this.#random)
      const delayMs = this.#random.pick([300, 60_000])
      const restart =
        this.#random.below(2) === 0
          ? { restart: { when: "on-failure", delayMs, maxAttempts: 3 } }
          : {}
      return {
        id,
        script: this.#oracle.script(id, { seconds: 0, exitCode, meanwhile }),
        gracePeriodMs: 300,
        timeout: timeoutMs[this.#options.means] ?? 1000,
        ...(isCrowd ? {} : restart)
      }
    })
    const called = await this.#call("start", specs.length === 1 ? specs[0] : specs)
    if (called["ok"] !== true && this.#options.disk === undefined)
      this.#flaws.push(`start: ${JSON.stringify(called).slice(0, 400)}`)
    for (const { id } of specs) this.#busy.delete(id)
  }

  #stop(id: string): Promise<void> {
    return this.#alone(id, async () => {
      const own = this.#overFor(id)
      const called = await this.#call("stop", { id, full: true })
      if (called["ok"] !== true) return
      const { task } = decodeTask(called).data
      const left = markedWith(this.#rig.home, id)
      if (left.length > 0)
        this.#flaws.push(`${id} was stopped (${task.status}) while ${left.join(", ")} lived`)
      this.#judgeStop(task, own)
    })
  }

  /** The last attempt of a task, if its own end lies so far back that it must be on record; undefined otherwise. */
  #overFor(id: string): SeenAttempt | undefined {
    const own = this.#oracle.attempts(id).at(-1)
    return own?.endedAt != null && Date.now() - own.endedAt > surelyOverMs ? own : undefined
  }

  /** A stop of what had ended tells how that ended. */
  #judgeStop(task: Judged, own: SeenAttempt | undefined): void {
    const isOfIt =
      task.status === "cancelled" && task.attempt === own?.attempt && task.durationMs !== null
    if (isOfIt && !this.#damaged.has(task.id) && task.exitCode !== own.exitCode)
      this.#flaws.push(
        `${task.id} had exited with ${own.exitCode} before its stop, which tells ${JSON.stringify(task)}`
      )
  }

  async #prune(): Promise<void> {
    // What is removed is judged before: nobody can ask for it afterwards.
    const ended =
      this.#options.disk === undefined
        ? (await this.#list()).filter((task) => isEnded(task) && !this.#busy.has(task.id))
        : []
    for (const task of ended) this.#judge(task)
    const called = await this.#call("prune", { olderThanDays: 0 })
    if (called["ok"] !== true) return
    const living = markedIn(this.#rig.home)
    for (const id of decodeRemoved(called).data.removed) {
      const left = living.get(id)
      if (left !== undefined) this.#flaws.push(`${id} was removed while ${left.join(", ")} lived`)
    }
  }

  async #alone(id: string, body: () => Promise<unknown>): Promise<void> {
    this.#busy.add(id)
    await body()
    this.#busy.delete(id)
  }

  async #call(operation: string, payload: unknown): Promise<Readonly<Record<string, unknown>>> {
    const called = (await this.#rig.callHere(operation, payload)) ?? {}
    this.#calls++
    const problem = decodeProblem(called)
    const isFair =
      problem._tag === "Some" &&
      (fair.has(problem.value.error.type) ||
        (this.#options.disk !== undefined &&
          ["StoreError", "EngineUnreachable"].includes(problem.value.error.type)))
    if (called["ok"] !== true && !isFair)
      this.#flaws.push(
        `${operation} ${JSON.stringify(payload).slice(0, 80)} -> ${JSON.stringify(called).slice(0, 400)}`
      )
    return called
  }

  /** An end becomes known by itself. A stop would find it too, so this comes before any. */
  async #awaitEnds(): Promise<void> {
    const isOver = ({ id, attempt, status }: Judged): boolean => {
      const own = this.#oracle.attempts(id).at(-1)
      const isSpoiled = this.#damaged.has(id) || this.#stopped.has(id)
      return status === "running" && !isSpoiled && own?.attempt === attempt && own.endedAt !== null
    }
    const since = performance.now()
    let over = (await this.#list()).filter(isOver)
    while (over.length > 0 && performance.now() - since < knownWithinMs) {
      await Bun.sleep(50)
      over = (await this.#list()).filter(isOver)
    }
    for (const task of over)
      this.#flaws.push(`${JSON.stringify(task)}: its command has ended, and nobody knows`)
  }

  /** Stops what lives, and what has ended and left processes; the tasks as backbeat shows them then. */
  async #settle(): Promise<ReadonlyArray<Judged>> {
    const ids = (await this.#list()).map(({ id }) => ({ id }))
    const own = new Map(ids.map(({ id }) => [id, this.#overFor(id)]))
    for (let at = 0; at < ids.length; at += 100)
      await this.#rig.callHere("stop", ids.slice(at, at + 100))
    const tasks = await this.#list()
    for (const task of tasks) this.#judgeStop(task, own.get(task.id))
    return tasks
  }

  async #list(): Promise<ReadonlyArray<Judged>> {
    const all: Array<Judged> = []
    for (let after: string | null = null; ;) {
      const query = { full: true, limit: 500, ...(after === null ? {} : { after }) }
      const { data: page } = decodePage(
        await this.#rig.callHere("list", query, { output: "inline" })
      )
      all.push(...page.tasks)
      after = page.next
      if (after === null) return all
    }
  }

  #recordedAt({ id, attempt }: Judged): number | null {
    return readExitRecord(attemptDir(this.#rig.home, id, attempt))?.endedAt ?? null
  }

  #judge(task: Judged): void {
    const attempts = this.#oracle.attempts(task.id)
    const flaw = flawOf(task, attempts, {
      isDamaged: this.#damaged.has(task.id),
      wasStopped: this.#stopped.has(task.id),
      isEngineLate: this.#options.means === "stoppedEngine",
      recordedAt: this.#recordedAt(task),
      still: this.#still
    })
    if (flaw !== null)
      this.#flaws.push(`${JSON.stringify(task)}: ${flaw}; oracle ${JSON.stringify(attempts)}`)
  }
}
