/** Removes ended tasks: their rows and events first, then their folders, so that a crash leaves files without a task at worst. Pipelines go with the last of their tasks. */
import { pipelineAggregate } from "@backbeat/core/pipeline/aggregate"
import type { Task } from "@backbeat/core/task/Task"
import type { TaskStatus } from "@backbeat/core/task/TaskState"
import { AggregateStore } from "@backbeat/store/AggregateStore"
import { PipelineStore } from "@backbeat/store/PipelineStore"
import { TaskStore } from "@backbeat/store/TaskStore"
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

/** A day, in which ages are told. */
export const dayMs = 86_400_000

/** Which ended tasks go: those that ended before `endedBefore` (epoch ms). */
export interface Pruning {
  readonly endedBefore: number
  readonly statuses: ReadonlyArray<TaskStatus>
  readonly dryRun: boolean
  /** Only these, by their ids. */
  readonly only?: ReadonlySet<string> | undefined
}

/** What went, or would go. */
export interface Pruned {
  readonly removed: ReadonlyArray<string>
  readonly freedBytes: number
  /** Those old enough that are kept: their pipeline runs, a task that lives goes on from them, or processes of them still run. */
  readonly kept: ReadonlyArray<string>
}

/** Removes what large answers and defects left before the instant: only files with the names that backbeat gives. */
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

/** How many tasks one transaction removes; the engine answers others in between. */
const removedAtOnce = 20

/** What pruning needs, made once. Fails with StoreError. */
export const makePrune = once(
  Effect.gen(function* () {
    const { root } = yield* Home
    const store = yield* TaskStore
    const pipelines = yield* PipelineStore
    const aggregates = yield* AggregateStore
    const withRoom = yield* makeWithRoom

    /** The pipelines of these tasks that run: how they end depends on how their tasks have ended. */
    const runningOf = Effect.fnUntraced(function* (tasks: ReadonlyArray<Task>) {
      const ids = new Set(tasks.flatMap(({ lineage }) => lineage.pipelineId ?? []))
      const found = yield* Effect.forEach(ids, (id) => aggregates.find(pipelineAggregate, id))
      return new Set(
        found.flatMap((pipeline) => (pipeline?.state.status === "running" ? [pipeline.id] : []))
      )
    })

    /** The tasks from which one that has not ended is to go on: each attempt needs their checkpoint, also the next. */
    const awaited = Effect.map(
      store.inStatus(["blocked", "queued", "running", "stopping", "retrying"]),
      (living) =>
        new Set(
          living.flatMap(({ spec: { work } }) =>
            work.kind === "prompt" && work.after !== null ? [work.after.task] : []
          )
        )
    )

    const clear = (id: string): number => {
      const freed = bytesOf(taskDir(root, id))
      rmSync(taskDir(root, id), { recursive: true, force: true })
      return freed
    }

    return Effect.fnUntraced(function* ({ endedBefore, statuses, dryRun, only }: Pruning) {
      const ended = (yield* store.endedBefore(endedBefore, statuses)).filter(
        ({ id }) => only?.has(id) ?? true
      )
      const running = yield* runningOf(ended)
      const needed = yield* awaited
      const candidates = ended
        .filter(({ id }) => !needed.has(id))
        .filter(({ lineage }) => lineage.pipelineId === null || !running.has(lineage.pipelineId))
      // Leftover processes could hardly be found any more without their task.
      const leftover = yield* findLeftovers(root, candidates)
      const ids = candidates.map(({ id }) => id).filter((id) => !leftover.has(id))
      const going = new Set(ids)
      const kept = ended.flatMap(({ id }) => (going.has(id) ? [] : [id]))
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
      for (let at = 0; at < ids.length; at += removedAtOnce) {
        const gone = yield* withRoom(store.remove(ids.slice(at, at + removedAtOnce)))
        removed.push(...gone)
        for (const id of gone) {
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
