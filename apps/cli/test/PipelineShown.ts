/** What answers about pipelines say, as tests look at it. */
import * as Schema from "effect/Schema"

const ShownTask = Schema.Struct({
  id: Schema.String,
  name: Schema.NullOr(Schema.String),
  status: Schema.String,
  pid: Schema.NullOr(Schema.Int),
  attempt: Schema.Int,
  cwd: Schema.String,
  tags: Schema.Array(Schema.String),
  priority: Schema.String,
  queue: Schema.String,
  startedAt: Schema.NullOr(Schema.String),
  endedAt: Schema.NullOr(Schema.String),
  failure: Schema.NullOr(Schema.Record(Schema.String, Schema.Unknown)),
  pipelineId: Schema.NullOr(Schema.String)
})

const Shown = Schema.Struct({
  pipeline: Schema.Struct({
    id: Schema.String,
    name: Schema.NullOr(Schema.String),
    status: Schema.String,
    createdAt: Schema.String,
    endedAt: Schema.NullOr(Schema.String),
    durationMs: Schema.NullOr(Schema.Finite),
    stepCount: Schema.Int,
    counts: Schema.Record(Schema.String, Schema.Int),
    cancelled: Schema.NullOr(Schema.Record(Schema.String, Schema.Unknown)),
    tasks: Schema.Array(ShownTask)
  })
})
const decode = Schema.decodeUnknownSync(Shown)

export type ShownPipeline = (typeof Shown.Type)["pipeline"]

/** The pipeline of an answer of `pipeline create`, `get`, `cancel`, or of `wait`. */
export const pipelineOf = (data: unknown): ShownPipeline => decode(data).pipeline

/** The statuses of its tasks, in order. */
export const statusesOf = ({ tasks }: ShownPipeline): ReadonlyArray<string> =>
  tasks.map(({ status }) => status)

const Frames = Schema.Array(
  Schema.Struct({
    type: Schema.String,
    taskId: Schema.optionalKey(Schema.String),
    pipelineId: Schema.optionalKey(Schema.String),
    sequence: Schema.Int,
    data: Schema.Record(Schema.String, Schema.Unknown)
  })
)

/** The frames of an answer of `events`. */
export const eventsOf = ({ events }: Readonly<Record<string, unknown>>) =>
  Schema.decodeUnknownSync(Frames)(events)

/** The frames that were streamed. */
export const framesOf = (stdout: string) =>
  Schema.decodeUnknownSync(Frames)(
    stdout
      .trimEnd()
      .split("\n")
      .map((line): unknown => JSON.parse(line))
  )
