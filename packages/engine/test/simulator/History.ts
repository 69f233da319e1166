/** Plays one history: its steps, then a time without any trouble in which everything has to end. */
import { dueAt } from "@backbeat/core/task/TaskState"
import { join } from "node:path"
import { SeededRandom } from "../oracle/SeededRandom.ts"
import { Judge } from "./Judge.ts"
import type { Process } from "./Kernel.ts"
import { type Plan, queue, type Step, stepsOf, type Victim } from "./Step.ts"
import { World } from "./World.ts"

/** What came of a history. */
export interface Outcome {
  readonly flaws: ReadonlyArray<string>
  readonly trace: ReadonlyArray<string>
  /** How many shims were spawned. */
  readonly runs: number
  /** How many steps were played until the first flaw, or at all. */
  readonly playedSteps: number
}

/** How long what needs no stop has until it is stopped (ms), and what was stopped until it is judged. */
const endsWithinMs = 12_000
const stopsWithinMs = 20_000

/** One history on its way. */
class Play {
  readonly #world: World
  readonly #judge: Judge
  readonly #ids: Array<string> = []
  #taskCount = 0

  constructor(world: World) {
    this.#world = world
    this.#judge = new Judge(world)
    const { random } = world.kernel
    world.weather.spawnMs = 1 + random.below(20)
    world.weather.callMs = random.pick([0.01, 0.01, 0.2])
    world.weather.unfairness = random.pick([0, 0.05, 0.2])
  }

  get flaws(): ReadonlyArray<string> {
    return this.#judge.flaws
  }

  note(flaw: string): void {
    this.#judge.note(flaw)
  }

  #call(operation: string, payload: unknown): void {
    this.#world.call(operation, payload, (answered) => this.#judge.judgeAnswer(answered))
  }

  #idAt(back: number): string | null {
    return this.#ids.at(-1 - back) ?? null
  }

  #start(plans: ReadonlyArray<Plan>): void {
    const payloads = plans.map(({ behaviours, dependsOn, payload }) => {
      const id = `t${this.#taskCount++}`
      const needs = dependsOn.flatMap(({ back, on }) => {
        const task = this.#idAt(back)
        return task === null ? [] : [{ task, on }]
      })
      this.#ids.push(id)
      this.#world.behaviours.set(id, behaviours)
      return { id, script: "sim", ...payload, ...(needs.length === 0 ? {} : { dependsOn: needs }) }
    })
    this.#call("start", payloads.length === 1 ? payloads[0] : payloads)
  }

  #victimsOf(id: string, victim: Victim): ReadonlyArray<Process> {
    const { kernel, truth } = this.#world
    const run = truth.runs.findLast((each) => each.id === id)
    const all = [...kernel.processes.values()]
    if (run === undefined) return []
    switch (victim) {
      case "shim":
        return all.filter((each) => each === run.shim)
      case "command":
        return all.filter((each) => each === run.command)
      case "leftover":
        return all.filter(
          (each) =>
            each !== run.command && each !== run.shim && truth.processes.get(each)?.id === id
        )
      case "group":
        return all.filter((each) => each.pgid === run.shim.pid)
    }
  }

  #damage(id: string, how: Extract<Step, { readonly do: "damage" }>["how"]): void {
    const { disk, root, truth } = this.#world
    const attempt = truth.runs.findLast((each) => each.id === id)?.attempt
    if (attempt === undefined) return
    this.#judge.damaged.add(id)
    const dir = join(root, "tasks", id, String(attempt))
    if (how === "task") return disk.remove(join(root, "tasks", id))
    if (how !== "folder" && how !== "emptied")
      return disk.find(dir)?.kind === "folder" ? disk.remove(join(dir, how)) : undefined
    const folder = disk.find(dir)
    if (how === "emptied") folder?.entries.clear()
    else disk.remove(dir)
  }

  /** Of a task that is not there nothing is asked. */
  #onTask(back: number, act: (id: string) => void): void {
    const id = this.#idAt(back)
    if (id !== null && this.#world.stores.memory.entries.has(id)) act(id)
  }

  #ask(step: Step): void {
    switch (step.do) {
      case "start":
        return this.#start(step.plans)
      case "stop":
        return this.#onTask(step.back, (id) => this.#call("stop", { id, force: step.force }))
      case "restart":
        return this.#onTask(step.back, (id) => {
          this.#judge.restarted.set(id, Number.POSITIVE_INFINITY)
          this.#call("restart", { id })
        })
      case "wait":
        return this.#onTask(step.back, (id) => this.#call("wait", { id }))
      case "look":
        return this.#onTask(step.back, (id) =>
          this.#call(step.how, step.how === "list" ? { limit: 5 } : { id })
        )
      case "pause":
      case "resume":
        return this.#call(`queue ${step.do}`, { queue })
      case "prune":
        return this.#call("prune", { olderThanDays: 0 })
      case "endEngine":
        return this.#call("engine stop", {})
      default:
        return undefined
    }
  }

  #strike(step: Step): void {
    const { disk, kernel, life, truth, weather } = this.#world
    switch (step.do) {
      case "stall":
        this.#world.stall(step.ms)
        this.#world.troubledMs = kernel.steadyMs
        return
      case "kill":
        return life?.killAfter(step.afterEffects)
      case "setWall":
        this.#judge.wasWallSet = true
        return kernel.setWall(step.byMs)
      case "signal":
        return this.#onTask(step.back, (id) => {
          if (truth.runs.some((run) => run.id === id))
            for (const each of this.#victimsOf(id, step.victim)) each.take(step.signal)
        })
      case "fill":
        disk.isFull = true
        return kernel.after(step.ms, () => {
          disk.isFull = false
          this.#world.troubledMs = kernel.steadyMs
        })
      case "shortOfDescriptors":
        weather.descriptorsLeft = step.calls
        this.#world.troubledMs = kernel.steadyMs
        return
      case "refuseWatches":
        weather.refusesWatches = step.on
        return
      case "damage":
        return this.#onTask(step.back, (id) => this.#damage(id, step.how))
      default:
        return undefined
    }
  }

  async #stopBeforeRetry(ms: number): Promise<void> {
    const { kernel, stores } = this.#world
    for (const { task } of stores.memory.entries.values()) {
      const leftMs = (dueAt(task.state) ?? 0) - kernel.wallMs
      if (leftMs < ms || leftMs > 5000) continue
      await this.#world.pass(leftMs - ms)
      this.#call("stop", { id: task.id })
      return this.#world.pass(2 * ms)
    }
  }

  async step(step: Step): Promise<void> {
    const { kernel, life } = this.#world
    this.#world.log(`STEP ${JSON.stringify(step)}`)
    this.#ask(step)
    this.#strike(step)
    if (step.do === "pass") await this.#world.pass(step.ms)
    else if (step.do === "stopBeforeRetry") await this.#stopBeforeRetry(step.ms)
    else if (step.do === "passToTimer") {
      const due = life?.nextDue ?? Number.POSITIVE_INFINITY
      const ms = due - kernel.steadyMs + step.offsetMs
      await this.#world.pass(ms > 0 && ms < 60_000 ? ms : 1)
    } else await this.#world.pass(kernel.random.next() * 3)
    this.#judge.judgeRunning()
  }

  /** All trouble is over: what can end ends, and what cannot is stopped. */
  async finish(): Promise<void> {
    const { disk, kernel, stores, weather } = this.#world
    this.#world.log("STEP all trouble is over")
    disk.isFull = false
    weather.descriptorsLeft = 0
    weather.refusesWatches = false
    for (const each of kernel.processes.values()) each.take("SIGCONT")
    this.#world.troubledMs = kernel.steadyMs
    this.#call("queue resume", { queue })
    await this.#world.pass(endsWithinMs)
    this.#judge.judgeRunning()
    const ids = [...stores.memory.entries.keys()].map((id) => ({ id }))
    if (ids.length > 0) this.#call("stop", ids)
    await this.#world.pass(stopsWithinMs)
    this.#judge.judgeRest()
  }
}

/** A history by its steps; the seed decides what no step says. */
export interface Script {
  readonly seed: number
  readonly steps: ReadonlyArray<Step>
}

/** The history of a seed. */
export const scriptOf = (seed: number, count: number): Script => ({
  seed,
  steps: stepsOf(new SeededRandom(seed), count)
})

/** Plays it; each line of the trace is also given to `see`. */
export const play = async (
  { seed, steps }: Script,
  see: (line: string) => void = () => {}
): Promise<Outcome> => {
  const trace: Array<string> = []
  // Errors are made by the thousand, and nobody reads where.
  const { stackTraceLimit } = Error
  Error.stackTraceLimit = 0
  const world = new World(new SeededRandom(seed ^ 0x5eed), (line) => {
    trace.push(line)
    see(line)
  })
  const playing = new Play(world)
  let playedSteps = 0
  try {
    for (const step of steps) {
      playedSteps++
      await playing.step(step)
      if (playing.flaws.length > 0) break
    }
    if (playing.flaws.length === 0) await playing.finish()
  } catch (thrown) {
    playing.note(`thrown: ${String(thrown)}`)
  } finally {
    Error.stackTraceLimit = stackTraceLimit
    await world.leave()
  }
  return { flaws: playing.flaws, trace, runs: world.truth.runs.length, playedSteps }
}
