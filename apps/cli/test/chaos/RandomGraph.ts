/** Tasks that wait for each other at random, and that succeed, fail, or try again. */
import {
  type Edge,
  type End,
  endOf,
  type GraphTask,
  suits
} from "@backbeat/engine/test/oracle/GraphModel"
import type { SeededRandom } from "@backbeat/engine/test/oracle/SeededRandom"

const kinds = ["success", "failure", "end"] as const

const exits: ReadonlyArray<GraphTask["exitCodes"]> = [
  [0],
  [0],
  [0],
  [0],
  [0],
  [1],
  [7],
  [3, 0],
  [3, 5]
]

/** A growing graph: each task comes behind what it depends on. */
export class RandomGraph {
  readonly tasks: Array<GraphTask> = []
  readonly #random: SeededRandom
  readonly #ends = new Map<string, End>()

  constructor(random: SeededRandom) {
    this.#random = random
  }

  /** Adds tasks that depend on each other, on those added last, and on any of before. */
  grow(size: number, isKnown: (id: string) => boolean): ReadonlyArray<GraphTask> {
    const known = this.tasks.filter(({ id }) => isKnown(id)).map(({ id }) => id)
    const own: Array<string> = []
    for (let count = 0; count < size; count++) {
      const nearby = [...known.slice(-16), ...own]
      const wanted = nearby.length === 0 ? 0 : this.#random.below(5)
      const ids = Array.from({ length: wanted }, () =>
        this.#random.pick(this.#random.below(6) === 0 ? [...known, ...own] : nearby)
      )
      const task = {
        id: `g${this.tasks.length}`,
        dependsOn: this.#edges([...new Set(ids)]),
        exitCodes: this.#random.pick(exits)
      }
      this.tasks.push(task)
      this.#ends.set(task.id, endOf(task, this.#ends, new Set()))
      own.push(task.id)
    }
    return this.tasks.slice(-size)
  }

  /** Mostly edges that will hold: chance alone would withdraw nearly everything. */
  #edges(ids: ReadonlyArray<string>): ReadonlyArray<Edge> {
    return ids.map((task) => {
      const fitting = kinds.filter((on) => suits(on, this.#ends.get(task) ?? "success"))
      return { task, on: this.#random.pick(this.#random.below(9) === 0 ? kinds : fitting) }
    })
  }
}
