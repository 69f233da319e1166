/** Cuts the data of an answer: a task by itself, a page of tasks, a pipeline with its own. Pure: the whole goes in. */
import { cutBriefTask, cutTask, isPresent, isWhole, present, type Reader } from "./cutTask.ts"
import type { LeanBriefPipeline, ShownBriefPipeline, ShownPipeline } from "./LeanPipeline.ts"
import type { ShownTask } from "./LeanTask.ts"
import type { Cut } from "./Operation.ts"
import type { BriefPipeline } from "./PipelineAnswer.ts"

/** What an operation does, as far as its answers are cut by it. */
export interface Asked {
  /** The payload says what the task runs. */
  readonly carried?: boolean
  /** It answers when something has ended, whatever the flags. */
  readonly waited?: boolean
}

/** The keys of the data of an answer that are cut. What stands beside them stays, but what is null or empty. */
interface Cuttable {
  readonly task?: ShownTask
  readonly tasks?: ReadonlyArray<ShownTask>
  readonly pipeline?: ShownPipeline
  readonly pipelines?: ReadonlyArray<ShownBriefPipeline>
  readonly [beside: string]: unknown
}

/** An empty list here is an answer: nothing is left, nothing is awaited. */
const tellingWhenEmpty: ReadonlyArray<string> = ["left", "done", "pending"]

const besideOf = (beside: object) =>
  Object.fromEntries(Object.entries(beside).filter(([key, value]) => isPresent(value) || (value !== null && tellingWhenEmpty.includes(key))))

const countsOf = (counts: BriefPipeline["counts"]) =>
  Object.fromEntries(Object.entries(counts).filter(([, count]) => count > 0))

const cutBriefPipeline = (pipeline: BriefPipeline, { carried, waited, pid }: Reader): LeanBriefPipeline => {
  const { id, name, status, createdAt, durationMs, counts, cancelled } = pipeline
  const itself = cancelled?.by.kind === "caller" && cancelled.by.pid === pid
  return {
    id,
    ...present({ name }),
    status,
    ...(carried || waited ? {} : { createdAt }),
    ...present({ durationMs }),
    counts: countsOf(counts),
    ...(cancelled === null || itself ? {} : { cancelled: { by: cancelled.by, ...present({ reason: cancelled.reason }) } })
  }
}

const cutPipeline = (pipeline: ShownPipeline, reader: Reader): ShownPipeline => {
  if (!("createdAt" in pipeline && "stepCount" in pipeline)) return pipeline
  return { ...cutBriefPipeline(pipeline, reader), tasks: pipeline.tasks.map((task) => cutBriefTask(task, reader)) }
}

/** How the answers of an operation are cut. */
export const cutAnswer = ({ carried = false, waited = false }: Asked = {}): Cut<Cuttable> => ({
  of: ({ task, tasks, pipeline, pipelines, ...beside }, reading) => {
    // A task that was there already may be another one than the call said.
    const reader = { ...reading, carried: carried && beside["existing"] !== true, waited: waited || reading.waited }
    return {
      ...(task === undefined ? {} : { task: isWhole(task) ? cutTask(task, reader) : task }),
      ...(pipeline === undefined ? {} : { pipeline: cutPipeline(pipeline, reader) }),
      ...besideOf(beside),
      ...(tasks === undefined ? {} : { tasks: tasks.map((each) => (isWhole(each) ? cutBriefTask(each, reader) : each)) }),
      ...(pipelines === undefined ? {} : { pipelines: pipelines.map((each) => ("stepCount" in each ? cutBriefPipeline(each, reader) : each)) })
    }
  }
})
