/**
 * Starts queued tasks as far as their queues admit them, in the transaction that freed the slots.
 */
import type { AdmissionLimit } from "@backbeat/core/queue/admit"
import { agentsQueue } from "@backbeat/core/queue/queueNames"
import type { Task } from "@backbeat/core/task/Task"
import { type Change, TaskStore } from "@backbeat/store/TaskStore"
import * as Effect from "effect/Effect"
import { Admission } from "../queue/Admission.ts"
import { Dispatch } from "../queue/Dispatch.ts"
import { Pauses } from "../queue/Pauses.ts"
import { Settings } from "../configuration/Settings.ts"
import { busyIn, slotsOf } from "../queue/slots.ts"
import { Clearings } from "../attempt/Clearings.ts"
import { Delays } from "../attempt/Delays.ts"
import type { CommitRule, FullTx } from "../commit/CommitRules.ts"
import type { Committed } from "../commit/Tx.ts"

/** How many tasks one commit starts at most. */
const maxStarts = 1_000_000

/** The tasks of a queue that start now, and the limit that holds the next one back. */
interface Selection {
  readonly tasks: ReadonlyArray<Task>
  readonly limitedBy: AdmissionLimit | null
}

/** How many tasks of a queue run, and how many slots are free. */
interface Capacity {
  readonly running: number
  readonly free: number
}

/**
 * The rule that fills the free slots of every queue. It records its changes after those of all
 * earlier rules.
 */
export const makeFillSlots = Effect.gen(function* () {
  const store = yield* TaskStore
  const settings = yield* Settings
  const pauses = yield* Pauses
  const admission = yield* Admission
  const clearings = yield* Clearings
  const delays = yield* Delays
  const { dispatch } = yield* Dispatch

  /**
   * The tasks of a queue that may start, in order. Without those whose delay has not passed, and
   * those with leftover processes of an earlier attempt.
   */
  const readyIn = Effect.fnUntraced(function* (queue: string, now: number, limit: number) {
    const wanted = limit + clearings.count()
    const found = yield* store.ready({ queue, now, limit: wanted })
    // The store compares with the wall clock: a delay ends too early there if that clock was set
    // forward.
    const tasks = found.every(({ id }) => delays.isOver(id))
      ? found
      : yield* store.ready({ queue, now, limit: wanted + delays.count() })
    return tasks.filter((task) => delays.isOver(task.id) && clearings.isClear(task)).slice(0, limit)
  })

  const selectAgents = Effect.fnUntraced(function* (
    { now, isToFillSlots }: FullTx,
    committed: ReadonlyArray<Committed>,
    { running, free }: Capacity
  ) {
    if (!isToFillSlots() && admission.isSampleFresh(now, committed))
      return { tasks: [], limitedBy: admission.limitedBy() }
    const { admitted, limitedBy } = yield* admission.admit({
      waiting: free,
      running,
      now,
      committed
    })
    // Reads one more than is admitted, to find out whether a task is held back.
    const ready = yield* readyIn(agentsQueue, now, Math.min(admitted + 1, free))
    return {
      tasks: ready.slice(0, admitted),
      limitedBy: ready.length > admitted ? limitedBy : null
    }
  })

  const rule: CommitRule = Effect.fnUntraced(function* (tx, committed) {
    const queues = yield* store.waitingQueues
    let heldBackBy: AdmissionLimit | null = null
    // Recorded together at the end: a hundred tasks that start at once are one write.
    const opened: Array<Change> = []
    if (queues.length > 0) {
      const busy = yield* store.busy
      const paused = yield* pauses.all
      for (const queue of queues) {
        const running = busyIn(busy, queue)
        const free = Math.min(slotsOf(settings.current(), queue) - running, maxStarts)
        if (free <= 0 || paused.has(queue)) continue
        const selection: Selection =
          queue === agentsQueue
            ? yield* selectAgents(tx, committed, { running, free })
            : { tasks: yield* readyIn(queue, tx.now, free), limitedBy: null }
        opened.push(...(yield* dispatch(tx, selection.tasks)))
        heldBackBy ??= selection.limitedBy
      }
    }
    yield* tx.record(opened)
    admission.setLimitedBy(heldBackBy)
  })
  return rule
})
