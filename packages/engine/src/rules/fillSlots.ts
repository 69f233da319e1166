/** Opens what waits, as far as its queue admits it: in the same transaction as what made the room. */
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

/** The most that one commit starts. */
const most = 1_000_000

/** What starts now, and what holds the next one back. */
interface Turn {
  readonly tasks: ReadonlyArray<Task>
  readonly held: AdmissionLimit | null
}

/** What a queue has room for: how many run in it, and how many slots are free. */
interface Room {
  readonly running: number
  readonly free: number
}

/** The rule that fills the free slots of every queue, as the last of a transaction's changes. */
export const makeFillSlots = Effect.gen(function* () {
  const store = yield* TaskStore
  const settings = yield* Settings
  const pauses = yield* Pauses
  const admission = yield* Admission
  const clearings = yield* Clearings
  const delays = yield* Delays
  const { dispatch } = yield* Dispatch

  /** What may start in the order of its turns, without the tasks whose delay is not over or whose earlier attempt has left processes. */
  const readyIn = Effect.fnUntraced(function* (queue: string, now: number, limit: number) {
    const asked = limit + clearings.count()
    const found = yield* store.ready({ queue, now, limit: asked })
    // By the wall clock a delay is over too early only when that was set forward.
    const tasks = found.every(({ id }) => delays.isOver(id))
      ? found
      : yield* store.ready({ queue, now, limit: asked + delays.count() })
    return tasks.filter((task) => delays.isOver(task.id) && clearings.isClear(task)).slice(0, limit)
  })

  const turnOfAgents = Effect.fnUntraced(function* (
    { now, isToFillSlots }: FullTx,
    committed: ReadonlyArray<Committed>,
    { running, free }: Room
  ) {
    if (!isToFillSlots() && admission.isSampleFresh(now, committed))
      return { tasks: [], held: admission.held() }
    const { admitted, limitedBy } = yield* admission.admit({
      waiting: free,
      running,
      now,
      committed
    })
    // One more than is admitted tells whether anything is held back.
    const ready = yield* readyIn(agentsQueue, now, Math.min(admitted + 1, free))
    return { tasks: ready.slice(0, admitted), held: ready.length > admitted ? limitedBy : null }
  })

  const rule: CommitRule = Effect.fnUntraced(function* (tx, committed) {
    const queues = yield* store.waitingQueues
    let holding: AdmissionLimit | null = null
    // Recorded together at the end: a hundred that start at once are one write.
    const opened: Array<Change> = []
    if (queues.length > 0) {
      const busy = yield* store.busy
      const paused = yield* pauses.all
      for (const queue of queues) {
        const running = busyIn(busy, queue)
        const free = Math.min(slotsOf(settings.current(), queue) - running, most)
        if (free <= 0 || paused.has(queue)) continue
        const turn: Turn =
          queue === agentsQueue
            ? yield* turnOfAgents(tx, committed, { running, free })
            : { tasks: yield* readyIn(queue, tx.now, free), held: null }
        opened.push(...(yield* dispatch(tx, turn.tasks)))
        holding ??= turn.held
      }
    }
    yield* tx.record(opened)
    admission.hold(holding)
  })
  return rule
})
