/** A home on the simulated machine, its engines one after the other, and the callers. */
import type { CallRequest } from "@backbeat/contract/Call"
import { replaceSystem } from "../../src/system/replaceSystem.ts"
import type { Behaviour } from "./Behaviour.ts"
import { Disk } from "./Disk.ts"
import { DurableStores } from "./DurableStores.ts"
import { EngineLife, type Weather } from "./EngineLife.ts"
import { Kernel } from "./Kernel.ts"
import type { SeededRandom } from "../oracle/SeededRandom.ts"
import { Truth } from "./Truth.ts"

/** What a caller was answered. */
export interface Answered {
  readonly operation: string
  readonly text: string
  readonly askedMs: number
}

interface Open {
  request: CallRequest
  readonly askedMs: number
  readonly answered: (answer: Answered) => void
  /** The engine that was asked. */
  life: EngineLife | null
}

const root = "/home/backbeat"
/** How long a caller takes to find out that its engine has gone, and to start another one (ms). */
const startMs = 40
/** More turns without an end of time are no progress. */
const turnsAtMost = 100_000

/** Operations whose answer may be put into a file. */
const withOutput = new Set(["start", "status", "list", "wait", "stop", "restart", "why", "logs"])

/** One event loop of the host: promises that wait go on. */
const hostTurn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve))

/** The world of one history. */
export class World {
  readonly kernel: Kernel
  readonly disk: Disk
  readonly stores: DurableStores
  readonly truth = new Truth()
  readonly behaviours = new Map<string, ReadonlyArray<Behaviour>>()
  readonly weather: Weather = {
    descriptorsLeft: 0,
    refusesWatches: false,
    spawnMs: 5,
    callMs: 0.01,
    unfairness: 0
  }
  readonly root = root
  #life: EngineLife | null = null
  #buried: EngineLife | null = null
  #open: Array<Open> = []
  #callCount = 0
  readonly #log: (line: string) => void
  /** Since when an engine has served without a break; null while none does. */
  servesSinceMs: number | null = null
  /** Called before each effect of an engine. */
  onEffect: (what: string) => void = () => {}
  /** When the machine last had what it needs again. */
  troubledMs = 0

  constructor(random: SeededRandom, log: (line: string) => void) {
    this.#log = log
    this.kernel = new Kernel(random)
    this.disk = new Disk(this.kernel)
    this.stores = new DurableStores(this.disk)
    for (const path of ["/bin", "/home", "/dev", root, `${root}/tasks`])
      this.disk.make(path, "folder", 0o700)
    for (const path of ["/bin/sh", "/dev/null"]) this.disk.make(path, "file", 0o755)
  }

  log(line: string): void {
    this.#log(`${((this.kernel.steadyMs - 1_000_000) / 1000).toFixed(4).padStart(10)} ${line}`)
  }

  get life(): EngineLife | null {
    return this.#life
  }

  get openCalls(): ReadonlyArray<{ readonly operation: string; readonly payload: string | null }> {
    return this.#open.map(({ request: { operation, payload } }) => ({ operation, payload }))
  }

  #begin(): void {
    const { disk, kernel, stores, truth, weather } = this
    const behaviourOf = (id: string, attempt: number): Behaviour => {
      const its = this.behaviours.get(id) ?? []
      const found = its[Math.min(attempt, its.length) - 1]
      if (found === undefined) throw new Error(`task ${id} has no behaviour`)
      return found
    }
    this.#life = new EngineLife({
      machine: { kernel, disk, truth, behaviourOf },
      stores,
      weather,
      root,
      log: (line) => this.log(line),
      onEffect: (what) => this.onEffect(what)
    })
    this.log("an engine begins")
    this.#life.begin()
  }

  /** Sends a call; whoever has lost its engine starts another one and sends it again. */
  call(operation: string, payload: unknown, answered: (answer: Answered) => void): void {
    const { kernel } = this
    this.#callCount++
    const request: CallRequest = {
      operation,
      payload: JSON.stringify(payload),
      flags: withOutput.has(operation) ? { output: "inline" } : {},
      caller: {
        client: "simulator",
        version: "0.0.0",
        cwd: "/home",
        pid: 1,
        requestId: `r${this.#callCount}`,
        requestedAt: Math.floor(kernel.wallMs),
        env: { PATH: "/bin" }
      }
    }
    this.#open.push({ request, askedMs: kernel.steadyMs, answered, life: null })
  }

  get #living(): EngineLife | null {
    const life = this.#life
    return life === null || life.isDead || life.isEnded ? null : life
  }

  /** Whoever has lost its engine sends its call again, and says so. */
  #notice(): void {
    for (const each of this.#open) {
      if (each.life === null || each.life === this.#living) continue
      const { caller } = each.request
      each.life = null
      each.request = { ...each.request, caller: { ...caller, repeated: true } }
    }
  }

  /** Hands waiting calls to the engine, and starts one for them where there is none. */
  #serveCallers(): void {
    this.#notice()
    const life = this.#living
    this.servesSinceMs = life === null ? null : (this.servesSinceMs ?? this.kernel.steadyMs)
    const waiting = this.#open.filter((each) => each.life === null)
    if (waiting.length === 0) return
    if (life === null) {
      this.kernel.advanceTo(this.kernel.steadyMs + startMs)
      return this.#begin()
    }
    if (life.serves) for (const each of waiting) this.#ask(life, each)
  }

  #ask(life: EngineLife, call: Open): void {
    call.life = life
    life.ask(call.request, ({ text }) => {
      this.#open = this.#open.filter((other) => other !== call)
      const { operation, payload } = call.request
      this.log(`${operation} ${payload ?? ""} -> ${text.slice(0, 400)}`)
      call.answered({ operation, text, askedMs: call.askedMs })
    })
  }

  /** An engine that cannot begin fails its callers; the next call starts another one. */
  #failed(failure: string): void {
    if (!/EMFILE|ENOSPC|StoreError/u.test(failure)) throw new Error(`an engine failed: ${failure}`)
    this.log(`the engine fails: ${failure}`)
    this.#open = []
    this.#life = null
  }

  /** Lets the promises of an engine that has gone settle before the next one begins, so that they find no system to act on. */
  async #bury(): Promise<void> {
    if (this.#life === null || this.#living !== null || this.#buried === this.#life) return
    this.#buried = this.#life
    await hostTurn()
  }

  #hasTurns(): boolean {
    return this.#living?.hasTurns === true
  }

  /** Lets the engine do all that it can do now. */
  async #settle(): Promise<void> {
    for (let turns = 0; turns < turnsAtMost; turns++) {
      await this.#bury()
      this.#serveCallers()
      const failure = this.#life?.failure ?? null
      if (failure !== null) this.#failed(failure)
      if (!this.#hasTurns()) {
        await hostTurn()
        await this.#bury()
        this.#serveCallers()
        if (!this.#hasTurns()) return
      }
      this.#living?.runTurns()
    }
    throw new Error("the engine does not come to rest")
  }

  /** Lets time pass for everybody. */
  async pass(ms: number): Promise<void> {
    const untilMs = this.kernel.steadyMs + ms
    for (;;) {
      await this.#settle()
      const next = Math.min(this.kernel.nextDue, this.#living?.nextDue ?? Number.POSITIVE_INFINITY)
      if (next > untilMs) break
      this.kernel.advanceTo(Math.max(next, this.kernel.steadyMs))
      this.#living?.runTurns()
    }
    this.kernel.advanceTo(untilMs)
  }

  /** Time passes, and the engine stands still meanwhile. */
  stall(ms: number): void {
    this.kernel.advanceTo(this.kernel.steadyMs + ms)
  }

  /** Nothing of it is used any more. */
  async leave(): Promise<void> {
    this.#life?.kill()
    await hostTurn()
    replaceSystem(null)
  }
}
