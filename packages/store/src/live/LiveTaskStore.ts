/**
 * The TaskStore over the narrow port: live tasks are kept in memory, so that a transition reads nothing and decodes nothing. Every
 * write goes to the rows at once; a transaction that fails is taken back in both.
 */
import { isFinal } from "@backbeat/core/task/TaskState"
import type { Task } from "@backbeat/core/task/Task"
import * as Effect from "effect/Effect"
import type { StoreError } from "../StoreError.ts"
import type { TaskRows, WrittenTasks } from "../TaskRows.ts"
import type { Change, DeletedWaits, DependentTask, TaskStore } from "../TaskStore.ts"
import type { LiveTasks } from "./LiveTasks.ts"
import type { Memory } from "./Memory.ts"

type InTurn = <A, E>(effect: Effect.Effect<A, E>) => Effect.Effect<A, E | StoreError>

/** What the store is made on: the rows, and how an effect reads and writes them and the memory in its turn. */
export interface Grounds {
  readonly rows: TaskRows["Service"]
  readonly read: InTurn
  readonly write: InTurn
}

const seqOf = ({ tasks }: Memory, id: string): number => tasks.find(id)?.seq ?? 0

/** Brings the memory to what was written. */
const follow = (memory: Memory, changes: ReadonlyArray<Change>, { places }: WrittenTasks): void => {
  for (const { task } of changes) {
    const { seq, queuedSeq } = places.get(task.id) ?? { seq: 0, queuedSeq: 0 }
    const before = memory.tasks.find(task.id)
    memory.tasks.put({
      task,
      seq,
      queuedSeq: queuedSeq > 0 ? queuedSeq : (before?.queuedSeq ?? 0)
    })
  }
}

const dependentsOf = (memory: Memory, ids: ReadonlyArray<string>): ReadonlyArray<DependentTask> =>
  memory.waits
    .on(new Set(ids))
    .flatMap(({ id, dependency, on }) => {
      const entry = memory.tasks.find(id)
      return entry === undefined ? [] : [{ dependency, entry, on }]
    })
    .toSorted((one, other) => one.entry.seq - other.entry.seq)
    .map(({ dependency, entry: { task }, on }) => ({ dependency, task, on }))

/** Which of the candidates wait for nothing, in the order of their creation. */
const freeOf = (memory: Memory, candidates: ReadonlyArray<string>): ReadonlyArray<string> =>
  [...new Set(candidates)]
    .filter((id) => memory.tasks.find(id) !== undefined && memory.waits.of(id).length === 0)
    .toSorted((one, other) => seqOf(memory, one) - seqOf(memory, other))

/** Whether a wait is kept that this would delete. */
const deletesSome = ({ waits }: Memory, { ended, withdrawn }: DeletedWaits): boolean =>
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
    dependents: (ids: ReadonlyArray<string>) => read(() => dependentsOf(memory, ids))
  }
}

/** The TaskStore on a memory. */
export const makeLiveTaskStore = (
  memory: Memory,
  { rows, read: inTurn, write }: Grounds
): TaskStore["Service"] => {
  const { waits } = memory
  const read = <A>(evaluate: () => A): Effect.Effect<A, StoreError> =>
    inTurn(Effect.map(memory.filled, evaluate))
  return {
    ...makeReads(memory, rows, read),
    list: rows.list,
    counts: rows.counts,
    endedBefore: rows.endedBefore,
    remove: (ids) =>
      write(
        Effect.map(rows.remove(ids), (removed) => {
          waits.settle({ ended: removed, withdrawn: removed })
          return removed
        })
      ),
    record: (changes) =>
      changes.length === 0
        ? Effect.succeed([])
        : write(
            Effect.map(rows.write(changes), (written) => {
              follow(memory, changes, written)
              return written.recorded
            })
          ),
    waitFor: (id, dependencies) =>
      dependencies.length === 0 && waits.of(id).length === 0
        ? Effect.void
        : write(Effect.map(rows.waitFor(id, dependencies), () => waits.set(id, dependencies))),
    deleteWaits: (settled, candidates) =>
      Effect.suspend(() =>
        deletesSome(memory, settled)
          ? write(Effect.map(rows.deleteWaits(settled), () => waits.settle(settled)))
          : Effect.void
      ).pipe(Effect.andThen(read(() => freeOf(memory, candidates))))
  }
}
