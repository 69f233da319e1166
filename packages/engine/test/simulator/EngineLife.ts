/**
 * One engine on the simulated machine, from its begin to its end: the real engine without its socket. It can be killed before each of its
 * effects; then nothing of it runs any more, not even a finalizer.
 */
import type { CallRequest } from "@backbeat/contract/Call"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Logger from "effect/Logger"
import * as References from "effect/References"
import { MixedScheduler } from "effect/Scheduler"
import { Heap } from "../../src/alarm/Heap.ts"
import { beginWork, layerEngine } from "../../src/Engine.ts"
import { HomeLock } from "../../src/life/HomeLock.ts"
import { makeShutdown, Shutdown } from "../../src/life/Shutdown.ts"
import { keepRetention } from "../../src/retention/retention.ts"
import { makeAnswer } from "../../src/server/answer.ts"
import { Idleness } from "../../src/supervisor/Idleness.ts"
import type { System } from "../../src/system/replaceSystem.ts"
import { replaceSystem } from "../../src/system/replaceSystem.ts"
import type { DurableStores } from "./DurableStores.ts"
import { type Access, makeFileCalls } from "./fileCalls.ts"
import { systemError } from "./systemError.ts"
import type { OpenFile } from "./OpenFile.ts"
import { type Machine, spawnShim } from "./Shim.ts"

/** Nothing of a killed engine goes on. */
export class Killed extends Error {
  override readonly name = "Killed"
}

/** What the machine refuses and how long its calls take (ms). */
export interface Weather {
  descriptorsLeft: number
  refusesWatches: boolean
  spawnMs: number
  callMs: number
  /** How often (of 1) the turn of a fiber is put off. */
  unfairness: number
}

/** Where an engine lives. */
export interface Surroundings {
  readonly machine: Machine
  readonly stores: DurableStores
  readonly weather: Weather
  readonly root: string
  readonly log: (line: string) => void
  /** Called before each effect. */
  readonly onEffect: (what: string) => void
}

interface Timer {
  readonly due: number
  readonly act: () => void
}

type Answer = { readonly text: string; readonly exitCode: number }
type Ask = (request: CallRequest) => Effect.Effect<Answer>

const nothing = (): void => {}

/** Lets fibers yield where they need not, as one that has run for long does. */
class UnfairScheduler extends MixedScheduler {
  readonly #yields: () => boolean
  constructor(turn: (act: () => void) => () => void, yields: () => boolean) {
    super("async", turn)
    this.#yields = yields
  }
  override shouldYield(fiber: Fiber.Fiber<unknown, unknown>): boolean {
    return super.shouldYield(fiber) || this.#yields()
  }
}

/** The engine. */
export class EngineLife {
  readonly #around: Surroundings
  readonly #files = new Map<number, OpenFile>()
  #turns: Array<() => void> = []
  /** Events of files and processes that the system has for it. */
  #arrivals: Array<() => void> = []
  readonly #timers = new Heap<Timer>()
  readonly #scheduler = new UnfairScheduler(
    (act) => this.#fiberTurn(act),
    () => this.#yields()
  )
  #ask: Ask | null = null
  #effectsLeft: number | null = null
  readonly #calls = new Set<Fiber.Fiber<unknown>>()
  /** The calls that ask for its end: they are answered after it has ended. */
  readonly #farewells = new Set<Fiber.Fiber<unknown>>()
  #hasLeft = false
  isDead = false
  /** Whether it has ended by itself. */
  isEnded = false
  failure: string | null = null
  fiber: Fiber.Fiber<unknown, unknown> | null = null

  constructor(around: Surroundings) {
    this.#around = around
  }

  get serves(): boolean {
    return this.#ask !== null && !this.isDead && !this.isEnded
  }

  /** When its next timer is due; infinite without any. */
  get nextDue(): number {
    return this.#timers.first()?.due ?? Number.POSITIVE_INFINITY
  }

  get hasTurns(): boolean {
    return this.#turns.length > 0 || this.#arrivals.length > 0
  }

  /** Runs the turns that wait now, and the timers that are due. */
  runTurns(): void {
    const { kernel } = this.#around.machine
    const due: Array<() => void> = []
    for (
      let timer = this.#timers.first();
      timer !== undefined && timer.due <= kernel.steadyMs;
      timer = this.#timers.first()
    ) {
      this.#timers.removeFirst()
      due.push(timer.act)
    }
    const turns = [...due, ...this.#turns.splice(0)]
    // Of events and timers either may come first, and timers may have had several turns before the system is asked for events.
    const isAsked = turns.length === 0 || kernel.random.below(3) === 0
    const arrivals = isAsked ? this.#arrivals.splice(0) : []
    for (const turn of kernel.random.below(2) === 0
      ? [...arrivals, ...turns]
      : [...turns, ...arrivals]) {
      if (this.isDead) return
      this.#guarded(() => {
        this.#gate("turn")
        turn()
      })
    }
  }

  /** Dies before the effect of this number, counted from now. */
  killAfter(effects: number): void {
    if (effects <= 0) this.kill()
    else this.#effectsLeft = effects
  }

  /** SIGKILL. */
  kill(): void {
    if (this.isDead) return
    this.isDead = true
    this.#around.log("the engine is killed")
    this.#letGo()
    this.#around.stores.crash()
  }

  #letGo(): void {
    this.#turns = []
    this.#arrivals = []
    for (const file of this.#files.values()) file.release()
    this.#files.clear()
  }

  #guarded(act: () => void): void {
    try {
      act()
    } catch (thrown) {
      if (!(thrown instanceof Killed)) throw thrown
    }
  }

  /** Each effect passes here. */
  #gate(what: string): void {
    if (this.isDead || this.isEnded) throw new Killed(what)
    this.#around.onEffect(what)
    if (this.#effectsLeft !== null && --this.#effectsLeft <= 0) {
      this.#around.log(`before ${what}:`)
      this.kill()
      throw new Killed(what)
    }
  }

  /** Time passes while the engine does something; the machine goes on. */
  #spend(ms: number): void {
    const { kernel } = this.#around.machine
    kernel.advanceTo(kernel.steadyMs + ms)
  }

  #turn(act: () => void): () => void {
    let isWanted = true
    if (!this.isDead)
      this.#turns.push(() => {
        if (isWanted) act()
      })
    return () => {
      isWanted = false
    }
  }

  #yields(): boolean {
    const { machine, weather } = this.#around
    return weather.unfairness > 0 && machine.kernel.random.next() < weather.unfairness / 50
  }

  /** The turn of a fiber: nothing says that those of others come in the order in which they were asked for. */
  #fiberTurn(act: () => void): () => void {
    const { machine, weather } = this.#around
    const { random } = machine.kernel
    if (weather.unfairness === 0 || random.next() >= weather.unfairness) return this.#turn(act)
    let isWanted = true
    const wait = (rounds: number): void => {
      if (!isWanted) return
      if (rounds === 0) act()
      else this.#turn(() => wait(rounds - 1))
    }
    const rounds = 1 + random.below(20)
    this.#turn(() => wait(rounds))
    return () => {
      isWanted = false
    }
  }

  #callAfter(ms: number, act: () => void): () => void {
    let isWanted = true
    const { kernel } = this.#around.machine
    if (!this.isDead)
      this.#timers.add({
        // Timers count whole milliseconds, and one at least.
        due: kernel.steadyMs + Math.max(1, Math.floor(ms)),
        act: () => {
          if (isWanted) act()
        }
      })
    return () => {
      isWanted = false
    }
  }

  /** It hears of something that has happened, a moment later. */
  #tell(act: () => void): void {
    const { kernel } = this.#around.machine
    kernel.after(kernel.random.next() * 2, () => {
      if (!this.isDead) this.#arrivals.push(act)
    })
  }

  #before(call: string, access: Access, path: string): void {
    const { weather } = this.#around
    this.#gate(`${call} ${path}`)
    this.#spend(weather.callMs)
    if (access !== "opens") return
    if (call === "watch" && weather.refusesWatches)
      throw systemError("ENOSPC", `no space left on device, watch '${path}'`)
    if (weather.descriptorsLeft <= 0) return
    weather.descriptorsLeft--
    throw systemError("EMFILE", `too many open files, ${call} '${path}'`)
  }

  #system(): System {
    const { machine, weather } = this.#around
    const { disk, kernel } = machine
    const fileCalls = makeFileCalls({
      kernel,
      disk,
      files: this.#files,
      before: (call, access, path) => this.#before(call, access, path),
      tell: (act) => this.#tell(act)
    })
    return {
      files: fileCalls,
      time: {
        wallNow: () => Math.floor(kernel.wallMs),
        steadyMs: () => kernel.steadyMs,
        callAfter: (ms, act) => this.#callAfter(ms, act),
        callAfterIdly: (ms, act) => this.#callAfter(ms, act),
        callNextTurn: (act) => void this.#turn(act)
      },
      processes: {
        sendSignal: (target, signal) => {
          if (signal !== 0) this.#gate(`kill ${target} ${signal}`)
          kernel.signal(target, signal)
        },
        spawnDetached: (order) => {
          this.#gate("spawn")
          this.#spend(weather.spawnMs)
          if (weather.descriptorsLeft > 0) {
            weather.descriptorsLeft--
            throw systemError("EMFILE", "too many open files, spawn")
          }
          const shim = spawnShim(machine, order, (fd) => this.#files.get(fd))
          shim.onExit = () => this.#tell(() => order.onExit(0))
          return shim.pid
        },
        makeFifo: (path) => {
          this.#before("mkfifo", "writes", path)
          try {
            disk.make(path, "fifo", 0o600)
            return true
          } catch {
            return false
          }
        },
        onHangUp: (fd, hungUp) => {
          const pipe = this.#files.get(fd)?.node.pipe
          if (pipe === null || pipe === undefined) throw systemError("EBADF", `no FIFO, ${fd}`)
          let isOpen = true
          const close = (): void => {
            isOpen = false
            pipe.hungUp.delete(heard)
            fileCalls.closeSync(fd)
          }
          const heard = (): void =>
            this.#tell(() => {
              if (!isOpen) return
              close()
              hungUp()
            })
          pipe.hungUp.add(heard)
          return () => {
            if (isOpen) close()
          }
        }
      }
    }
  }

  #clock(): Clock.Clock {
    const { kernel } = this.#around.machine
    const wallMs = (): number => Math.floor(kernel.wallMs)
    const wallNanos = (): bigint => BigInt(wallMs()) * 1_000_000n
    const steadyNanos = (): bigint => BigInt(Math.round(kernel.steadyMs * 1e6))
    return {
      currentTimeMillisUnsafe: wallMs,
      currentTimeMillis: Effect.sync(wallMs),
      currentTimeNanosUnsafe: wallNanos,
      currentTimeNanos: Effect.sync(wallNanos),
      monotonicTimeNanosUnsafe: steadyNanos,
      monotonicTimeNanos: Effect.sync(steadyNanos),
      sleep: (duration) =>
        Effect.callback((resume) => {
          const cancel = this.#callAfter(Duration.toMillis(duration), () => resume(Effect.void))
          return Effect.sync(cancel)
        })
    }
  }

  /** Begins; it serves some turns later. */
  begin(): void {
    const { log, root, stores } = this.#around
    replaceSystem(this.#system())
    stores.gate = (call) => {
      if (call !== "read") return this.#gate(call)
      if (this.isDead || this.isEnded) throw new Killed(call)
    }
    const options = { root, configPath: `${root}/config.json`, version: "0.0.0", environment: {} }
    const lived = Effect.gen({ self: this }, function* () {
      yield* beginWork
      yield* Effect.forkScoped(Effect.andThen(Effect.sleep(50), keepRetention([])))
      const answer = yield* makeAnswer
      const idleness = yield* Idleness
      const context = yield* Effect.context<never>()
      this.#ask = (request) =>
        Effect.suspend(() => {
          const leave = idleness.enter()
          return Effect.ensuring(answer(request), Effect.sync(leave))
        }).pipe(
          Effect.map((answered) =>
            answered.kind === "document" && typeof answered.text === "string"
              ? { text: answered.text, exitCode: answered.exitCode }
              : { text: "null", exitCode: 0 }
          ),
          Effect.provideContext(context)
        )
      const shutdown = yield* Shutdown
      log(`the engine ends: ${yield* shutdown.requested}`)
      this.#ask = null
      // As the socket does: who has not been answered by then calls the next engine.
      yield* Fiber.interruptAll(this.#calls)
    }).pipe(
      Effect.scoped,
      Effect.provide(layerEngine(options, stores.layer, Effect.void)),
      Effect.provideServiceEffect(Shutdown, makeShutdown),
      Effect.provideService(HomeLock, {
        isOwned: () => true,
        isSameHome: () => true,
        onLost: nothing
      }),
      Effect.provide(
        Logger.layer([
          Logger.make(({ cause, logLevel, message }) =>
            log(`${logLevel} ${String(message)} ${cause.reasons.map(String).join("; ")}`)
          )
        ])
      ),
      Effect.provideService(References.MinimumLogLevel, "Warn"),
      Effect.provideService(Clock.Clock, this.#clock()),
      Effect.withTracerEnabled(false)
    )
    this.#guarded(() => {
      this.fiber = Effect.runFork(lived, { scheduler: this.#scheduler })
      this.fiber.addObserver((exit) => {
        if (this.isDead) return
        this.#hasLeft = true
        if (exit._tag === "Failure") this.failure = String(exit.cause)
        this.#endIfSilent()
      })
    })
  }

  /** It has ended once the calls that asked for its end are answered. */
  #endIfSilent(): void {
    if (!this.#hasLeft || this.#farewells.size > 0) return
    this.isEnded = true
    this.#letGo()
  }

  /** Asks it; `answered` is called unless it dies before. */
  ask(request: CallRequest, answered: (answer: Answer) => void): void {
    const ask = this.#ask
    if (ask === null) throw new Error("nobody serves")
    this.#guarded(() => {
      const fiber = Effect.runFork(ask(request), { scheduler: this.#scheduler })
      const its = request.operation === "engine stop" ? this.#farewells : this.#calls
      its.add(fiber)
      fiber.addObserver((exit) => {
        its.delete(fiber)
        if (this.isDead) return
        this.#endIfSilent()
        if (exit._tag === "Success") answered(exit.value)
      })
    })
  }
}
