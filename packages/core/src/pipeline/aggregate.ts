/** The pipeline as an aggregate. */
import type { Aggregate } from "../history/Aggregate.ts"
import { ownerKey } from "../identity/Owner.ts"
import { decide, type PipelineEnded } from "./decide.ts"
import type { PipelineCommand } from "./PipelineCommand.ts"
import { created, evolve } from "./evolve.ts"
import { Pipeline } from "./Pipeline.ts"
import type { PipelineEvent } from "./PipelineEvent.ts"

type Created = Extract<PipelineEvent, { readonly type: "pipeline.created" }>

/** Pipelines. `pipeline.created` creates one; it ends when its last task has ended. */
export const pipelineAggregate: Aggregate<
  "pipeline",
  Pipeline,
  PipelineEvent,
  Created,
  PipelineCommand,
  PipelineEnded
> = {
  kind: "pipeline",
  State: Pipeline,
  index: ({ state, createdAt, owner }) => ({
    status: state.status,
    createdAt,
    dueAt: null,
    owner: ownerKey(owner)
  }),
  create: (id, event, { at }) => created(id, event, at),
  decide,
  evolve
}
