/** Graphs of tasks grow by concurrent calls while the engine is killed at random moments; the model tells what must have run. */
import type { Called, Rig } from "../Rig.ts"
import { killAll } from "./engines.ts"
import { judge } from "./GraphJudge.ts"
import type { End } from "@backbeat/engine/test/oracle/GraphModel"
import { Marks } from "./Marks.ts"
import { RandomGraph } from "./RandomGraph.ts"
import type { RandomKillsOptions } from "./RandomKills.ts"
import type { SeededRandom } from "@backbeat/engine/test/oracle/SeededRandom"
import { enginesOf } from "../processes.ts"

/** What the rounds came to. `flaws` is empty when everything was as the model says. */
export interface GraphKillsResult {
  readonly calls: number
  readonly kills: number
  readonly tasks: number
  readonly edges: number
  readonly ends: Readonly<Record<End, number>>
  readonly flaws: ReadonlyArray<string>
}

/** An engine that is killed before it serves has nothing to do with a graph: that is for the random kills without one. */
const earliestKillMs = 30

/** Until then what a start or an end causes is done. */
const latestBehindMs = 8

const meanwhiles = [":", ":", "sleep 0.01", "sleep 0.03", "sleep 0.1", "sleep 0.4"]

/** A workload in one home, and the judgement on it. */
export class GraphKills {
  readonly #rig: Rig
  readonly #random: SeededRandom
  readonly #options: RandomKillsOptions
  readonly #graph: RandomGraph
  readonly #marks: Marks
  readonly #flaws: Array<string> = []
  readonly #busy = new Set<string>()
  #calls = 0
  #kills = 0

  constructor(rig: Rig, options: RandomKillsOptions) {
    this.#rig = rig
    this.#options = options
    this.#random = options.random
    this.#graph = new RandomGraph(options.random)
    this.#marks = new Marks(rig.scratch)
  }

  /** Runs the rounds, waits until every task has ended, and judges. */
  async run(): Promise<GraphKillsResult> {
    for (let round = 0; round < this.#options.rounds; round++) await this.#round(round)
    const { tasks } = this.#graph
    await this.#end()
    const { ends, flaws } = await judge(this.#rig, tasks, this.#marks.all())
    const count = (wanted: End): number => [...ends.values()].filter((end) => end === wanted).length
    return {
      calls: this.#calls,
      kills: this.#kills,
      tasks: tasks.length,
      edges: tasks.reduce((sum, { dependsOn }) => sum + dependsOn.length, 0),
      ends: {
        success: count("success"),
        failure: count("failure"),
        stopped: count("stopped"),
        withdrawn: count("withdrawn")
      },
      flaws: [...this.#flaws, ...flaws]
    }
  }

  async #round(round: number): Promise<void> {
    const acts = Array.from({ length: 1 + this.#random.below(2) }, () => this.#act())
    await Bun.sleep(earliestKillMs + this.#random.next() * (this.#options.latestKillMs ?? 120))
    await this.#kill()
    await Promise.all(acts)
    const engines = enginesOf(this.#rig.home)
    if (engines.length > 1) this.#flaws.push(`round ${round}: engines ${engines.join(", ")}`)
  }

  /** Every second time just behind a start or an end: that is when dependents are settled. */
  async #kill(): Promise<void> {
    // Looking for them takes longer than a commit.
    const engines = enginesOf(this.#rig.home)
    if (this.#random.below(2) === 0) {
      const behindMs = this.#random.next() * latestBehindMs
      await this.#marks.next(100)
      await Bun.sleep(behindMs)
    }
    this.#kills += killAll(engines)
  }

  #act(): Promise<void> {
    const known = this.#graph.tasks.filter(({ id }) => !this.#busy.has(id))
    return known.length > 0 && this.#random.below(8) === 0
      ? this.#stop(this.#random.pick(known.slice(-16)).id)
      : this.#start()
  }

  async #start(): Promise<void> {
    const made = this.#graph.grow(1 + this.#random.below(6), (id) => !this.#busy.has(id))
    for (const { id } of made) this.#busy.add(id)
    const specs = made.map((task) => ({
      id: task.id,
      dependsOn: task.dependsOn.map((edge) => (edge.on === "success" ? edge.task : edge)),
      script: this.#marks.script(task, this.#random.pick(meanwhiles)),
      restart: { when: "on-failure", maxAttempts: task.exitCodes.length, delayMs: 50 },
      gracePeriodMs: 300
    }))
    // The last comes first: most of what is depended on in the same call is yet to come.
    const called = await this.#call(["start", JSON.stringify(specs.toReversed())])
    if (called.document["ok"] !== true)
      this.#flaws.push(`start: ${called.stderr || called.stdout.slice(0, 2000)}`)
    for (const { id } of made) this.#busy.delete(id)
  }

  /** Whether it comes in time, and so what becomes of the task, is for the judge. */
  async #stop(id: string): Promise<void> {
    this.#busy.add(id)
    this.#marks.stop(id)
    const called = await this.#call(["stop", JSON.stringify({ id })])
    if (called.document["ok"] !== true && !called.stderr.includes('"IllegalTransition"'))
      this.#flaws.push(`stop: ${called.stderr}`)
    this.#busy.delete(id)
  }

  #call(args: ReadonlyArray<string>): Promise<Called> {
    this.#calls++
    return this.#rig.call(args)
  }

  async #end(): Promise<void> {
    const ids = this.#graph.tasks.map(({ id }) => id)
    for (let at = 0; at < ids.length; at += 100) {
      const called = await this.#call([
        "wait",
        JSON.stringify({ ids: ids.slice(at, at + 100), timeout: 20_000 })
      ])
      if (called.document["ok"] !== true && called.exitCode > 1)
        this.#flaws.push(`wait: ${called.stderr}`)
    }
  }
}
