/**
 * The TaskStore over the narrow port. Live tasks are kept in memory, so that a transition reads and
 * decodes nothing. Every write goes to the rows at once, and a failed transaction is rolled back in
 * both.
 */
import { isFinal } from "@backbeat/core/task/TaskState"
import type { Task } from "@backbeat/core/task/Task"
import * as Effect from "effect/Effect"
import type { StoreError } from "../StoreError.ts"
import type { TaskRows, WrittenTasks } from "../TaskRows.ts"
import type { Change, DeletedWaits, TaskStore } from "../TaskStore.ts"
import { dependentsOf } from "./Entry.ts"
import type { LiveTasks } from "./LiveTasks.ts"
import type { Memory } from "./Memory.ts"

type InTurn = <A, E>(effect: Effect.Effect<A, E>) => Effect.Effect<A, E | StoreError>

/** The rows below the store, and how an effect gets its turn to read or write rows and memory. */
export interface RowAccess {
  readonly rows: TaskRows["Service"]
  readonly read: InTurn
  readonly write: InTurn
}

const seqOf = ({ tasks }: Memory, id: string): number => tasks.find(id)?.seq ?? 0

/** Updates the memory after a write. */
const applyWrites = (
  memory: Memory,
  changes: ReadonlyArray<Change>,
  { positions }: WrittenTasks
): void => {
  for (const { task } of changes) {
    const { seq, queuedSeq } = positions.get(task.id) ?? { seq: 0, queuedSeq: 0 }
    const before = memory.tasks.find(task.id)
    memory.tasks.put({
      task,
      seq,
      queuedSeq: queuedSeq > 0 ? queuedSeq : (before?.queuedSeq ?? 0)
    })
  }
}

/** The candidates that wait for nothing, in the order of their creation. */
const unblockedOf = (memory: Memory, candidates: ReadonlyArray<string>): ReadonlyArray<string> =>
  [...new Set(candidates)]
    .filter((id) => memory.tasks.find(id) !== undefined && memory.waits.of(id).length === 0)
    .toSorted((one, other) => seqOf(memory, one) - seqOf(memory, other))

/** Whether there is a wait to delete. */
const hasWaitsToDelete = ({ waits }: Memory, { ended, withdrawn }: DeletedWaits): boolean =>
  waits.on(new Set(ended)).length > 0 || withdrawn.some((id) => waits.of(id).length > 0)

const makeReads = (
  memory: Memory,
  rows: TaskRows["Service"],
  read: <A>(evaluate: () => A) => Effect.Effect<A, StoreError>
) => {
  const { tasks, waits } = memory
  return {
    find: (id: string): Effect.Effect<Task | null, StoreError> =>
      Effect.flatMap(
        read(() => tasks.find(id)?.task),
        (task) => (task === undefined ? rows.find(id) : Effect.succeed(task))
      ),
    inStatus: (statuses: ReadonlyArray<Task["state"]["status"]>) =>
      statuses.some(isFinal) ? rows.inStatus(statuses) : read(() => tasks.inStatus(statuses)),
    liveCount: read(() => tasks.size),
    ready: (filter: Parameters<LiveTasks["ready"]>[0]) => read(() => tasks.ready(filter)),
    busy: read(() => tasks.busy()),
    busyOfBatch: (batch: string) => read(() => tasks.busyOfBatch(batch)),
    waitingQueues: read(() => tasks.waitingQueues()),
    awaitingTime: read(() => tasks.awaitingTime()),
    waitsOf: (id: string) =>
      read(() =>
        waits.of(id).toSorted((one, other) => seqOf(memory, one.task) - seqOf(memory, other.task))
      ),
    dependents: (ids: ReadonlyArray<string>) =>
      read(() => dependentsOf(waits, (id) => tasks.find(id), ids))
  }
}

/** The TaskStore with its live tasks in this memory. */
export const makeLiveTaskStore = (
  memory: Memory,
  { rows, read: inTurn, write }: RowAccess
): TaskStore["Service"] => {
  const { waits } = memory
  const read = <A>(evaluate: () => A): Effect.Effect<A, StoreError> =>
    inTurn(Effect.map(memory.loaded, evaluate))
  return {
    ...makeReads(memory, rows, read),
    list: rows.list,
    counts: rows.counts,
    endedBefore: rows.endedBefore,
    remove: (ids) =>
      write(
        Effect.map(rows.remove(ids), (removed) => {
          waits.delete({ ended: removed, withdrawn: removed })
          return removed
        })
      ),
    record: (changes) =>
      changes.length === 0
        ? Effect.succeed([])
        : write(
            Effect.map(rows.write(changes), (written) => {
              applyWrites(memory, changes, written)
              return written.recorded
            })
          ),
    waitFor: (id, dependencies) =>
      Effect.flatMap(
        read(() => dependencies.length > 0 || waits.of(id).length > 0),
        (changes) =>
          changes
            ? write(Effect.map(rows.waitFor(id, dependencies), () => waits.set(id, dependencies)))
            : Effect.void
      ),
    deleteWaits: (deleted, candidates) =>
      Effect.flatMap(
        read(() => hasWaitsToDelete(memory, deleted)),
        (changes) =>
          changes
            ? write(Effect.map(rows.deleteWaits(deleted), () => waits.delete(deleted)))
            : Effect.void
      ).pipe(Effect.andThen(read(() => unblockedOf(memory, candidates))))
  }
}
