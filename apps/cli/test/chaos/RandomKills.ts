/** Tasks are started, stopped and restarted while the engine is killed at random moments; the oracle tells what ran. */
import * as Schema from "effect/Schema"
import { type Called, type Rig } from "../Rig.ts"
import { enginesOf, isAlive } from "../processes.ts"
import { killEngines } from "./engines.ts"
import type { SeenAttempt } from "@backbeat/engine/test/oracle/judgeTask"
import { Oracle } from "./Oracle.ts"
import type { SeededRandom } from "@backbeat/engine/test/oracle/SeededRandom"

const Shown = Schema.Struct({
  id: Schema.String,
  status: Schema.String,
  attempt: Schema.Int,
  exitCode: Schema.NullOr(Schema.Int),
  failure: Schema.NullOr(Schema.Struct({ type: Schema.String })),
  endedAt: Schema.NullOr(Schema.String)
})
type Shown = typeof Shown.Type

const decodePage = Schema.decodeUnknownSync(
  Schema.Struct({ tasks: Schema.Array(Shown), next: Schema.NullOr(Schema.String) })
)
const decodeProblem = Schema.decodeUnknownOption(
  Schema.Struct({ error: Schema.Struct({ type: Schema.String, message: Schema.String }) })
)

/** What the rounds came to. `flaws` is empty when everything that was said is so. */
export interface RandomKillsResult {
  readonly calls: number
  readonly kills: number
  readonly tasks: number
  readonly attempts: number
  readonly slowestCallMs: number
  /** The largest difference between an end as the task told it and as backbeat did, in milliseconds. */
  readonly worstEndMs: number
  readonly flaws: ReadonlyArray<string>
}

/** How often to kill, the chance of it, and how late after a call was begun, in milliseconds. */
export interface RandomKillsOptions {
  readonly rounds: number
  readonly random: SeededRandom
  readonly latestKillMs?: number
}

/** Refusals that are right whenever they come: the task has ended, or is ending, by itself. */
const fair = new Set(["IllegalTransition", "TaskWaitTimedOut"])

const meanwhiles = [
  "sleep 0.02",
  "sleep 0.2",
  "sleep 60",
  ":",
  "sleep 60 & sleep 0.05; kill $!",
  "trap '' TERM; sleep 0.3",
  "(setsid sleep 60 >/dev/null 2>&1 &); sleep 0.05",
  "trap 'exit 9' TERM; sleep 60 & wait"
]

/** A workload in one home, and the judgement on it. */
export class RandomKills {
  readonly #rig: Rig
  readonly #random: SeededRandom
  readonly #oracle: Oracle
  readonly #options: RandomKillsOptions
  readonly #ids: Array<string> = []
  readonly #flaws: Array<string> = []
  readonly #busy = new Set<string>()
  #calls = 0
  #kills = 0
  #slowestCallMs = 0

  constructor(rig: Rig, options: RandomKillsOptions) {
    this.#rig = rig
    this.#options = options
    this.#random = options.random
    this.#oracle = new Oracle(rig.scratch)
  }

  /** Runs the rounds, lets everything end, and compares. */
  async run(): Promise<RandomKillsResult> {
    for (let round = 0; round < this.#options.rounds; round++) await this.#round(round)
    const tasks = await this.#settle()
    const worstEndMs = this.#compare(tasks)
    return {
      calls: this.#calls,
      kills: this.#kills,
      tasks: tasks.length,
      attempts: tasks.reduce((sum, { id }) => sum + this.#oracle.attempts(id).length, 0),
      slowestCallMs: Math.round(this.#slowestCallMs),
      worstEndMs,
      flaws: this.#flaws
    }
  }

  async #round(round: number): Promise<void> {
    const acts = [this.#act(round), ...(this.#random.below(2) === 0 ? [this.#act(round)] : [])]
    await Bun.sleep(this.#random.next() * (this.#options.latestKillMs ?? 120))
    this.#kills += killEngines(this.#rig.home)
    await Promise.all(acts)
    const engines = enginesOf(this.#rig.home)
    if (engines.length > 1) this.#flaws.push(`round ${round}: engines ${engines.join(", ")}`)
  }

  #act(round: number): Promise<void> {
    const known = this.#ids.filter((id) => !this.#busy.has(id))
    const what = this.#random.below(known.length === 0 ? 1 : 8)
    if (what < 3) return this.#start(round)
    const id = this.#random.pick(known.slice(-12))
    if (what < 5) return this.#stop(id)
    if (what < 7) return this.#alone(id, () => this.#call(["restart", id]))
    return this.#alone(id, () => this.#call(["wait", JSON.stringify({ id, timeout: 200 })]))
  }

  async #start(round: number): Promise<void> {
    const specs = Array.from({ length: 1 + this.#random.below(3) }, () => {
      const id = `t${round}-${this.#ids.length}`
      this.#ids.push(id)
      this.#busy.add(id)
      const exitCode = this.#random.pick([0, 0, 1, 7, 255])
      return {
        id,
        script: this.#oracle.script(id, {
          seconds: 0,
          exitCode,
          meanwhile: this.#random.pick(meanwhiles)
        }),
        gracePeriodMs: 400
      }
    })
    const called = await this.#call([
      "start",
      JSON.stringify(specs.length === 1 ? specs[0] : specs)
    ])
    if (called.document["ok"] !== true) this.#flaws.push(`start: ${called.stderr}`)
    for (const { id } of specs) this.#busy.delete(id)
  }

  #stop(id: string): Promise<void> {
    return this.#alone(id, async () => {
      const called = await this.#call(["stop", JSON.stringify({ id })])
      if (called.document["ok"] !== true) return
      const living = this.#oracle.attempts(id).filter(({ pid }) => isAlive(pid))
      if (living.length > 0)
        this.#flaws.push(`${id} was cancelled and runs: ${JSON.stringify(living)}`)
    })
  }

  async #alone(id: string, body: () => Promise<unknown>): Promise<void> {
    this.#busy.add(id)
    await body()
    this.#busy.delete(id)
  }

  async #call(args: ReadonlyArray<string>): Promise<Called> {
    const begunAt = performance.now()
    const called = await this.#rig.call(args)
    this.#calls++
    this.#slowestCallMs = Math.max(this.#slowestCallMs, performance.now() - begunAt)
    if (called.document["ok"] === true) return called
    const problem = decodeProblem(called.document)
    if (problem._tag === "None" || !fair.has(problem.value.error.type)) {
      this.#flaws.push(
        `${args.join(" ").slice(0, 80)} -> ${called.exitCode} ${called.stderr.slice(0, 400)}`
      )
    }
    return called
  }

  /** Stops what would go on and waits for the end of all; the tasks as backbeat shows them then. */
  async #settle(): Promise<ReadonlyArray<Shown>> {
    const live = await this.#list({
      status: ["queued", "running", "stopping", "retrying", "blocked"]
    })
    for (let at = 0; at < live.length; at += 100) {
      const ids = live.slice(at, at + 100).map(({ id }) => ({ id }))
      await this.#rig.call(["stop", JSON.stringify(ids)])
    }
    return this.#list({})
  }

  async #list(filter: Readonly<Record<string, unknown>>): Promise<ReadonlyArray<Shown>> {
    const all: Array<Shown> = []
    for (let after: string | null = null; ;) {
      const page = decodePage(
        await this.#rig.data("list", {
          ...filter,
          limit: 500,
          ...(after === null ? {} : { after })
        })
      )
      all.push(...page.tasks)
      after = page.next
      if (after === null) return all
    }
  }

  #compare(tasks: ReadonlyArray<Shown>): number {
    const shown = new Set(tasks.map(({ id }) => id))
    const missing = this.#ids.filter((id) => !shown.has(id))
    if (missing.length > 0) this.#flaws.push(`unknown to backbeat: ${missing.join(", ")}`)
    return Math.max(0, ...tasks.map((task) => this.#compareOne(task)))
  }

  /** How far apart the ends are, in milliseconds. */
  #compareOne(task: Shown): number {
    const attempts = this.#oracle.attempts(task.id)
    const flaw = flawOf(task, attempts)
    if (flaw !== null)
      this.#flaws.push(
        `${task.id} ${JSON.stringify(task)}: ${flaw}; oracle ${JSON.stringify(attempts)}`
      )
    const endedAt = attempts.find(({ attempt }) => attempt === task.attempt)?.endedAt ?? null
    const isOwnEnd = flaw === null && task.status !== "cancelled" && endedAt !== null
    return isOwnEnd ? Math.abs(Date.parse(task.endedAt ?? "") - endedAt) : 0
  }
}

/** What is wrong with a task that should have ended. */
const flawOf = (task: Shown, attempts: ReadonlyArray<SeenAttempt>): string | null => {
  const numbers = attempts.map(({ attempt }) => attempt)
  if (new Set(numbers).size !== numbers.length) return "two copies of one attempt"
  if (numbers.some((attempt) => attempt > task.attempt)) return "an attempt that nobody asked for"
  const last = attempts.find(({ attempt }) => attempt === task.attempt)
  if (last !== undefined && isAlive(last.pid)) return "it is alive"
  if (task.status === "cancelled") return null
  if (task.status !== "completed" && task.status !== "failed") return "it is not final"
  if (last === undefined || last.endedAt === null) return "it did not end by itself"
  return task.exitCode === last.exitCode ? null : "another exit code"
}
