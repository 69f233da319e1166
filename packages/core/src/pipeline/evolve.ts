/** Applies an event to a pipeline. Total: every event that `decide` returns can be applied. */
import type { Occasion } from "../history/Occasion.ts"
import type { Pipeline, PipelineState } from "./Pipeline.ts"
import type { PipelineEvent } from "./PipelineEvent.ts"

/** The pipeline that `pipeline.created` creates. */
export const created = (
  id: string,
  { name, taskIds, owner }: Extract<PipelineEvent, { readonly type: "pipeline.created" }>,
  at: number
): Pipeline => ({
  id,
  name,
  taskIds,
  owner,
  createdAt: at,
  state: { status: "running", cancelling: null }
})

const stateAfter = (
  state: PipelineState,
  event: PipelineEvent,
  { at, actor }: Occasion
): PipelineState => {
  const again = state.restartedAt === undefined ? {} : { restartedAt: state.restartedAt }
  switch (event.type) {
    case "pipeline.created":
      return { status: "running", cancelling: null }
    case "pipeline.cancelling":
      return { status: "running", cancelling: { by: actor, reason: event.reason }, ...again }
    case "pipeline.completed":
      return { status: "completed", endedAt: at, ...again }
    case "pipeline.failed":
      return { status: "failed", endedAt: at, ...again }
    case "pipeline.cancelled": {
      // The engine ends the pipeline when its last process is gone, but the cause is the caller who
      // cancelled it.
      const by =
        state.status === "running" && state.cancelling !== null ? state.cancelling.by : actor
      return { status: "cancelled", endedAt: at, by, reason: event.reason, ...again }
    }
    case "pipeline.restarted":
      return { status: "running", cancelling: null, restartedAt: at }
  }
}

/** The pipeline after the event. */
export const evolve = (pipeline: Pipeline, event: PipelineEvent, occasion: Occasion): Pipeline => ({
  ...pipeline,
  state: stateAfter(pipeline.state, event, occasion)
})
