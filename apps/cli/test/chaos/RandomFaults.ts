/** Tasks are started, stopped, restarted and removed while one means strikes at random moments; marks, pids and the tasks' own clocks tell what is so. */
import * as Schema from "effect/Schema"
import type { Called, Rig } from "../Rig.ts"
import type { SmallDisk } from "../SmallDisk.ts"
import { enginesOf } from "./engines.ts"
import { flawOf, isEnded, Judged } from "./judgeTask.ts"
import { markedWith } from "./marked.ts"
import { means } from "./means.ts"
import { Oracle } from "./Oracle.ts"
import type { SeededRandom } from "./SeededRandom.ts"

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
  Schema.Struct({ tasks: Schema.Array(Judged), next: Schema.NullOr(Schema.String) })
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
    const tasks = await this.#settle()
    for (const task of tasks) this.#judge(task)
    const left = this.#ids.filter((id) => markedWith(this.#rig.home, id).length > 0)
    if (left.length > 0) this.#flaws.push(`alive when all was stopped: ${left.join(", ")}`)
    return {
      calls: this.#calls,
      tasks: this.#ids.length,
      attempts: this.#ids.reduce((sum, id) => sum + this.#oracle.attempts(id).length, 0),
      flaws: this.#flaws
    }
  }

  async #round(round: number): Promise<void> {
    const acts = [this.#act(round), this.#act(round)]
    // In the middle of the calls, or a moment after them.
    if (this.#random.below(2) === 0) await Promise.all(acts)
    await Bun.sleep(this.#random.next() * 150)
    await means[this.#options.means]({
      home: this.#rig.home,
      random: this.#random,
      damaged: this.#damaged,
      stopped: this.#stopped,
      disk: this.#options.disk ?? null
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
    return what < 6 ? this.#stop(id) : this.#alone(id, () => this.#call(["restart", id]))
  }

  async #start(round: number): Promise<void> {
    const isCrowd = this.#options.means === "crowd"
    const specs = Array.from({ length: isCrowd ? 100 : 1 + this.#random.below(2) }, () => {
      const id = `t${round}-${this.#ids.length}`
      this.#ids.push(id)
      this.#busy.add(id)
      const exitCode = this.#random.pick([0, 1, 7])
      const meanwhile = isCrowd ? "sleep 0.3" : this.#random.pick(meanwhiles)
      const restart =
        this.#random.below(3) === 0
          ? { restart: { when: "on-failure", delayMs: 300, maxAttempts: 3 } }
          : {}
      return {
        id,
        script: this.#oracle.script(id, { seconds: 0, exitCode, meanwhile }),
        gracePeriodMs: 300,
        timeout: 1000,
        ...(isCrowd ? {} : restart)
      }
    })
    const called = await this.#call([
      "start",
      JSON.stringify(specs.length === 1 ? specs[0] : specs)
    ])
    if (called.document["ok"] !== true && this.#options.disk === undefined)
      this.#flaws.push(`start: ${called.stderr.slice(0, 400)}`)
    for (const { id } of specs) this.#busy.delete(id)
  }

  #stop(id: string): Promise<void> {
    return this.#alone(id, async () => {
      const own = this.#oracle.attempts(id).at(-1)
      const isOver =
        own !== undefined && own.endedAt !== null && Date.now() - own.endedAt > surelyOverMs
      const called = await this.#call(["stop", JSON.stringify({ id, full: true })])
      if (called.document["ok"] !== true) return
      const { task } = decodeTask(called.document).data
      const left = markedWith(this.#rig.home, id)
      if (left.length > 0)
        this.#flaws.push(`${id} was stopped (${task.status}) while ${left.join(", ")} lived`)
      const isDamaged = this.#damaged.has(id)
      const isOfIt =
        task.status === "cancelled" && task.attempt === own?.attempt && task.durationMs !== null
      if (isOver && isOfIt && !isDamaged && task.exitCode !== own.exitCode) {
        this.#flaws.push(
          `${id} had exited with ${own.exitCode} before its stop, which tells ${JSON.stringify(task)}`
        )
      }
    })
  }

  async #prune(): Promise<void> {
    // What is removed is judged before: nobody can ask for it afterwards.
    const ended =
      this.#options.disk === undefined
        ? (await this.#list()).filter((task) => isEnded(task) && !this.#busy.has(task.id))
        : []
    for (const task of ended) this.#judge(task)
    const called = await this.#call(["prune", '{"olderThanDays":0}'])
    if (called.document["ok"] !== true) return
    for (const id of decodeRemoved(called.document).data.removed) {
      const left = markedWith(this.#rig.home, id)
      if (left.length > 0) this.#flaws.push(`${id} was removed while ${left.join(", ")} lived`)
    }
  }

  async #alone(id: string, body: () => Promise<unknown>): Promise<void> {
    this.#busy.add(id)
    await body()
    this.#busy.delete(id)
  }

  async #call(args: ReadonlyArray<string>): Promise<Called> {
    const called = await this.#rig.call(args)
    this.#calls++
    const problem = decodeProblem(called.document)
    const isFair =
      problem._tag === "Some" &&
      (fair.has(problem.value.error.type) ||
        (this.#options.disk !== undefined &&
          ["StoreError", "EngineUnreachable"].includes(problem.value.error.type)))
    if (called.document["ok"] !== true && !isFair)
      this.#flaws.push(
        `${args.join(" ").slice(0, 80)} -> ${called.exitCode} ${called.stderr.slice(0, 400)}`
      )
    return called
  }

  /** Stops what lives, and what has ended and left processes; the tasks as backbeat shows them then. */
  async #settle(): Promise<ReadonlyArray<Judged>> {
    const ids = (await this.#list()).map(({ id }) => ({ id }))
    for (let at = 0; at < ids.length; at += 100)
      await this.#rig.call(["stop", JSON.stringify(ids.slice(at, at + 100))])
    return this.#list()
  }

  async #list(): Promise<ReadonlyArray<Judged>> {
    const all: Array<Judged> = []
    for (let after: string | null = null; ;) {
      const page = decodePage(
        await this.#rig.data("list", { limit: 500, ...(after === null ? {} : { after }) }, [
          "--output",
          "inline"
        ])
      )
      all.push(...page.tasks)
      after = page.next
      if (after === null) return all
    }
  }

  #judge(task: Judged): void {
    const attempts = this.#oracle.attempts(task.id)
    const flaw = flawOf(task, attempts, {
      isDamaged: this.#damaged.has(task.id),
      wasStopped: this.#stopped.has(task.id),
      isEngineLate: this.#options.means === "stoppedEngine"
    })
    if (flaw !== null)
      this.#flaws.push(`${JSON.stringify(task)}: ${flaw}; oracle ${JSON.stringify(attempts)}`)
  }
}
