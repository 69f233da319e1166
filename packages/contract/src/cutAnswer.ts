/**
 * Removes fields without information from answers: of one task, a page of tasks, or a pipeline with
 * its tasks. Pure; the input is the complete data.
 */
import {
  cutBriefTask,
  cutCancelled,
  cutTask,
  isPresent,
  isWhole,
  present,
  type Reader
} from "./cutTask.ts"
import type {
  EndedPipeline,
  LeanBriefPipeline,
  ShownBriefPipeline,
  ShownPipeline
} from "./LeanPipeline.ts"
import type { ShownTask } from "./LeanTask.ts"
import type { Cut } from "./Operation.ts"
import type { BriefPipeline } from "./PipelineAnswer.ts"
import * as Struct from "effect/Struct"

/** How the answers of an operation are cut. */
export interface Asked {
  /** The payload says what the task runs. */
  readonly carried?: boolean
  /** Each of several tasks is shown like a single one. */
  readonly each?: boolean
  /** For many tasks it shows how they ended, and each task only with `full`. */
  readonly ends?: boolean
}

/** The identifying fields. */
interface Head {
  readonly id: string
  readonly status: string
}

type AnyPipeline = ShownPipeline | EndedPipeline | Head

/** The keys that are cut. Others remain unless null or empty. */
interface Cuttable {
  readonly task?: ShownTask | Head
  readonly tasks?: ReadonlyArray<ShownTask>
  readonly pipeline?: AnyPipeline
  readonly pipelines?: ReadonlyArray<ShownBriefPipeline | EndedPipeline>
  readonly [beside: string]: unknown
}

/** An empty list here is information: nothing is left or awaited. */
const tellingWhenEmpty: ReadonlyArray<string> = ["left", "done", "pending"]

const besideOf = (beside: object) =>
  Object.fromEntries(
    Object.entries(beside).filter(
      ([key, value]) => isPresent(value) || (value !== null && tellingWhenEmpty.includes(key))
    )
  )

const countsOf = (counts: BriefPipeline["counts"]) =>
  Object.fromEntries(Object.entries(counts).filter(([, count]) => count > 0))

/** A pipeline for a list. */
export const cutBriefPipeline = (pipeline: BriefPipeline, reader: Reader): LeanBriefPipeline => {
  const { id, name, status, createdAt, durationMs, counts, cancelled } = pipeline
  return {
    id,
    ...present({ name }),
    status,
    ...(reader.carried || reader.waited ? {} : { createdAt }),
    ...present({ durationMs }),
    counts: countsOf(counts),
    ...present({ cancelled: cancelled === null ? null : cutCancelled(cancelled, reader) })
  }
}

const cutPipeline = (pipeline: AnyPipeline, reader: Reader): AnyPipeline => {
  if (!("createdAt" in pipeline && "stepCount" in pipeline)) return pipeline
  return {
    ...cutBriefPipeline(pipeline, reader),
    tasks: pipeline.tasks.map((task) => cutBriefTask(task, reader))
  }
}

/** Shows tasks by their counts, and the last lines of failed tasks with their ids. */
const cutEnds = ({ pipeline, cursor, ...beside }: Cuttable) => ({
  ...(pipeline === undefined
    ? {}
    : {
        pipeline: {
          id: pipeline.id,
          status: pipeline.status,
          ...("durationMs" in pipeline ? present({ durationMs: pipeline.durationMs }) : {})
        }
      }),
  ...besideOf(Struct.omit(beside, ["lastLines"])),
  ...("pending" in beside ? { cursor } : {})
})

/**
 * Fields left out after tasks. The cursor of the history is only useful after several tasks or a
 * matched line.
 */
const counting = (single: boolean): ReadonlyArray<string> =>
  single ? ["total", "more", "cursor"] : ["total", "more"]

/** Builds the function that cuts the answers of an operation. */
export const cutAnswer = ({
  carried = false,
  each = false,
  ends = false
}: Asked = {}): Cut<Cuttable> => ({
  of: ({ task, tasks, pipeline, pipelines, ...beside }, reading) => {
    // An existing task may differ from what the call says.
    const reader = { ...reading, carried: carried && beside["existing"] !== true }
    if ("outcome" in beside && ends)
      return cutEnds({ ...beside, ...present({ pipeline, pipelines }) })
    const cutEach = each ? cutTask : cutBriefTask
    const others = Struct.omit(beside, counting(task !== undefined && !("line" in beside)))
    return {
      ...(task === undefined ? {} : { task: isWhole(task) ? cutTask(task, reader) : task }),
      ...(pipeline === undefined ? {} : { pipeline: cutPipeline(pipeline, reader) }),
      ...present({ total: beside["total"], more: beside["more"] }),
      ...(tasks === undefined
        ? {}
        : { tasks: tasks.map((one) => (isWhole(one) ? cutEach(one, reader) : one)) }),
      ...(pipelines === undefined
        ? {}
        : {
            pipelines: pipelines.map((one) =>
              "stepCount" in one ? cutBriefPipeline(one, reader) : one
            )
          }),
      ...besideOf(others)
    }
  }
})
