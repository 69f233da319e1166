/** The stores of a home, which outlive the engines that are killed on it: what was committed stays, an open transaction never happened. */
import type { Task } from "@backbeat/core/task/Task"
import { Database } from "@backbeat/store/Database"
import { Disk as StoreDisk } from "@backbeat/store/Disk"
import { type Journal, makeJournal } from "@backbeat/store/live/Journal"
import { layerStoresInMemory } from "@backbeat/store/memory/layerMemory"
import { type Memory, MemoryDatabase } from "@backbeat/store/memory/MemoryDatabase"
import { StoreError } from "@backbeat/store/StoreError"
import type { Stores } from "@backbeat/store/Stores"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Semaphore from "effect/Semaphore"
import type { Disk } from "./Disk.ts"

/** A task that a transaction has changed; `before` is null for a new one, `after` for one that was removed. */
export interface Change {
  readonly before: Task | null
  readonly after: Task | null
}

/** How the running engine is asked before it reads or writes, and after a transaction: a dead one does nothing more, and it may be killed there. */
export type Gate = (call: "read" | "transact" | "committed" | "flush") => void

const InTransaction = Context.Reference<boolean>("@backbeat/engine/test/InTransaction", {
  defaultValue: () => false
})

/** How many transactions fit into what is kept for a full disk. */
const reservedCommits = 6

const memoryOfNobody = (): Memory => ({
  entries: new Map(),
  aggregates: new Map(),
  ids: new Map(),
  events: [],
  lastSequence: 0,
  lastSeq: 0
})

/** One home's. */
export class DurableStores {
  readonly memory = memoryOfNobody()
  readonly layer: Layer.Layer<Stores>
  readonly #disk: Disk
  /** How each write of the open transaction is taken back. */
  #steps: Array<() => void> = []
  #journal = makeJournal(Semaphore.makeUnsafe(1))
  #known = new Map<string, Task>()
  #reserve = reservedCommits
  #isReserveGiven = false
  gate: Gate = () => {}
  onCommit: (changes: ReadonlyArray<Change>) => void = () => {}

  constructor(disk: Disk) {
    this.#disk = disk
    const database = Layer.succeed(MemoryDatabase, {
      journal: this.#facade(),
      memory: this.memory
    })
    const built = Effect.runSync(
      Effect.scoped(Layer.build(Layer.provide(layerStoresInMemory, database)))
    )
    this.layer = Layer.succeedContext(
      built.pipe(
        Context.add(Database, this.#checked(Context.get(built, Database))),
        Context.add(StoreDisk, this.#cared(Context.get(built, StoreDisk)))
      )
    )
  }

  /** The engine was killed: what its transaction has written is taken back, and nobody holds the lock. */
  crash(): void {
    for (const step of this.#steps.splice(0).toReversed()) step()
    this.#journal = makeJournal(Semaphore.makeUnsafe(1))
  }

  #facade(): Journal {
    const transact: Journal["transact"] = (effect) =>
      Effect.flatMap(InTransaction, (isInside) => {
        if (isInside) return this.#gated(() => this.#journal.transact(effect))
        const whole = Effect.tap(Effect.provideService(effect, InTransaction, true), () =>
          Effect.sync(() => this.#commit())
        )
        return Effect.suspend(() => {
          this.gate("transact")
          return this.#journal.transact(whole)
        }).pipe(Effect.tap(() => Effect.sync(() => this.gate("committed"))))
      })
    return {
      transact,
      inTurn: (effect) => this.#gated(() => this.#journal.inTurn(effect)),
      isInside: Effect.suspend(() => this.#journal.isInside),
      read: (evaluate) => this.#gated(() => this.#journal.read(evaluate)),
      onRollback: (step) => {
        this.#steps.push(step)
        this.#journal.onRollback(step)
      },
      put: (map, key, value) => {
        const before = map.get(key)
        this.#journal.put(map, key, value)
        this.#steps.push(() => {
          if (before === undefined) map.delete(key)
          else map.set(key, before)
        })
      }
    }
  }

  #gated<A, E, R>(effect: () => Effect.Effect<A, E, R>): Effect.Effect<A, E, R> {
    return Effect.suspend(() => {
      this.gate("read")
      return effect()
    })
  }

  #commit(): void {
    this.#steps = []
    const changes: Array<Change> = []
    for (const [id, { task }] of this.memory.entries) {
      const before = this.#known.get(id) ?? null
      if (before === task) continue
      changes.push({ before, after: task })
      this.#known.set(id, task)
    }
    for (const [id, before] of this.#known) {
      if (this.memory.entries.has(id)) continue
      changes.push({ before, after: null })
      this.#known.delete(id)
    }
    if (changes.length > 0) this.onCommit(changes)
  }

  #refusal(): StoreError | null {
    if (this.#steps.length === 0) return null
    if (this.#disk.isReadOnly)
      return new StoreError({ reason: "readonly", message: "The disk is read-only." })
    if (!this.#disk.isFull) {
      this.#reserve = reservedCommits
      this.#isReserveGiven = false
      return null
    }
    if (this.#isReserveGiven && this.#reserve-- > 0) return null
    return new StoreError({ reason: "full", message: "There is no space left." })
  }

  #checked(database: Database["Service"]): Database["Service"] {
    const room = Effect.suspend(() => {
      const refusal = this.#refusal()
      return refusal === null ? Effect.void : Effect.fail(refusal)
    })
    return { transact: (effect) => database.transact(Effect.tap(effect, () => room)) }
  }

  #cared(disk: StoreDisk["Service"]): StoreDisk["Service"] {
    return {
      ...disk,
      flushed: Effect.sync(() => this.gate("flush")),
      freeSpace: () =>
        Effect.sync(() => {
          this.#isReserveGiven = true
        })
    }
  }
}
