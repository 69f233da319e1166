/**
 * Removes ended tasks: first their rows and events, then their folders. So a crash leaves at worst
 * files without a task. A pipeline is removed with the last of its tasks.
 */
import { pipelineAggregate } from "@backbeat/core/pipeline/aggregate"
import type { Task } from "@backbeat/core/task/Task"
import { endedAt, type TaskStatus } from "@backbeat/core/task/TaskState"
import { AggregateStore } from "@backbeat/store/AggregateStore"
import { PipelineStore } from "@backbeat/store/PipelineStore"
import { TaskStore } from "@backbeat/store/TaskStore"
import { TickStore } from "@backbeat/store/TickStore"
import * as Effect from "effect/Effect"
import { lstatSync, rmSync } from "../system/files.ts"
import { join } from "node:path"
import { bytesOf } from "../home/bytesOf.ts"
import { isArtifactName, isUnderWay } from "../home/artifact.ts"
import { namesIn } from "../home/namesIn.ts"
import { removeUnshared } from "../home/sharedText.ts"
import {
  artifactDir,
  environmentsDir,
  Home,
  isReportName,
  reportDir,
  taskDir
} from "../home/Home.ts"
import { findLeftovers } from "../attempt/leftover.ts"
import { makeWithRoom } from "../commit/withRoom.ts"
import { once } from "../wiring/once.ts"

/** A day, the unit of ages. */
export const dayMs = 86_400_000

/** Which ended tasks are removed: those that ended before `endedBefore` (epoch ms). */
export interface Pruning {
  readonly endedBefore: number
  readonly statuses: ReadonlyArray<TaskStatus>
  readonly dryRun: boolean
  /** Restricts the removal to these ids. */
  readonly only?: ReadonlySet<string> | undefined
}

/** What was removed, or would be. */
export interface Pruned {
  readonly removed: ReadonlyArray<string>
  readonly freedBytes: number
  /**
   * Tasks that are old enough but kept: their pipeline runs, a live task continues from them, or
   * they have leftover processes.
   */
  readonly kept: ReadonlyArray<string>
}

/**
 * Removes artifacts and defect reports from before the instant: only files with names that backbeat
 * gives.
 */
const clearAnswers = (root: string, before: number): void => {
  const clearIn = (dir: string, isOurs: (name: string) => boolean): void => {
    for (const name of namesIn(dir) ?? []) {
      const path = join(dir, name)
      if (!isOurs(name) || isUnderWay(path)) continue
      const stat = lstatSync(path, { throwIfNoEntry: false })
      if (stat?.isFile() === true && stat.mtimeMs < before) rmSync(path, { force: true })
    }
  }
  clearIn(artifactDir(root), isArtifactName)
  clearIn(reportDir(root), isReportName)
}

/** How many tasks one transaction removes. Other calls are answered in between. */
const tasksPerTransaction = 20

/** Builds the prune. Fails with StoreError. */
export const makePrune = once(
  Effect.gen(function* () {
    const { root } = yield* Home
    const store = yield* TaskStore
    const pipelines = yield* PipelineStore
    const aggregates = yield* AggregateStore
    const ticks = yield* TickStore
    const withRoom = yield* makeWithRoom

    /** The running pipelines of these tasks. Their end depends on how their tasks ended. */
    const runningOf = Effect.fnUntraced(function* (tasks: ReadonlyArray<Task>) {
      const ids = new Set(tasks.flatMap(({ lineage }) => lineage.pipelineId ?? []))
      const found = yield* Effect.forEach(ids, (id) => aggregates.find(pipelineAggregate, id))
      return new Set(
        found.flatMap((pipeline) => (pipeline?.state.status === "running" ? [pipeline.id] : []))
      )
    })

    /** The tasks that a live task continues from: each of its attempts needs their checkpoint. */
    const continuedFrom = Effect.map(
      store.inStatus(["blocked", "queued", "running", "stopping", "retrying"]),
      (live) =>
        new Set(
          live.flatMap(({ spec: { work } }) =>
            work.kind === "prompt" && work.after !== null ? [work.after.task] : []
          )
        )
    )

    /** The ended tasks among these, without a look at all others. */
    const endedAmong = Effect.fnUntraced(function* (
      ids: ReadonlySet<string>,
      { endedBefore, statuses }: Pick<Pruning, "endedBefore" | "statuses">
    ) {
      const found = yield* Effect.forEach(ids, (id) => store.find(id))
      return found.flatMap((task) =>
        task !== null &&
        statuses.includes(task.state.status) &&
        (endedAt(task.state) ?? Number.POSITIVE_INFINITY) < endedBefore
          ? [task]
          : []
      )
    })

    /** Without the runs that something keeps by their number, whatever their age. */
    const unscheduled = Effect.fnUntraced(function* (tasks: ReadonlyArray<Task>) {
      const runs = tasks.flatMap(({ id, lineage }) =>
        lineage.source === undefined ? [] : [lineage.pipelineId ?? id]
      )
      const kept = runs.length === 0 ? new Set<string>() : yield* ticks.kept(runs)
      return tasks.filter(({ id, lineage }) => !kept.has(lineage.pipelineId ?? id))
    })

    const clear = (id: string): number => {
      const freed = bytesOf(taskDir(root, id))
      rmSync(taskDir(root, id), { recursive: true, force: true })
      return freed
    }

    return Effect.fnUntraced(function* ({ endedBefore, statuses, dryRun, only }: Pruning) {
      const ended =
        only === undefined
          ? yield* unscheduled(yield* store.endedBefore(endedBefore, statuses))
          : yield* endedAmong(only, { endedBefore, statuses })
      const running = yield* runningOf(ended)
      const needed = yield* continuedFrom
      const candidates = ended
        .filter(({ id }) => !needed.has(id))
        .filter(({ lineage }) => lineage.pipelineId === null || !running.has(lineage.pipelineId))
      // Without their task, leftover processes could hardly be found any more.
      const leftover = yield* findLeftovers(root, candidates)
      const ids = candidates.map(({ id }) => id).filter((id) => !leftover.has(id))
      const removable = new Set(ids)
      const kept = ended.flatMap(({ id }) => (removable.has(id) ? [] : [id]))
      if (dryRun) {
        return {
          removed: ids,
          kept,
          freedBytes: ids.reduce((sum, id) => sum + bytesOf(taskDir(root, id)), 0)
        } satisfies Pruned
      }
      if (only === undefined) clearAnswers(root, endedBefore)
      const removed: Array<string> = []
      let freedBytes = 0
      for (let at = 0; at < ids.length; at += tasksPerTransaction) {
        const removedNow = yield* withRoom(store.remove(ids.slice(at, at + tasksPerTransaction)))
        removed.push(...removedNow)
        for (const id of removedNow) {
          freedBytes += clear(id)
          yield* Effect.yieldNow
        }
      }
      freedBytes += removeUnshared(environmentsDir(root))
      yield* withRoom(pipelines.removeEmpty)
      return { removed, kept, freedBytes } satisfies Pruned
    })
  })
)
