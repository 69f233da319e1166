/** The loop as an aggregate. */
import type { Aggregate } from "../history/Aggregate.ts"
import { ownerKey } from "../identity/Owner.ts"
import { decide } from "./decide.ts"
import { created, evolve } from "./evolve.ts"
import { Loop, loopDueAt } from "./Loop.ts"
import type { IllegalLoopCommand, LoopCommand } from "./LoopCommand.ts"
import type { LoopEvent } from "./LoopEvent.ts"

type Created = Extract<LoopEvent, { readonly type: "loop.created" }>

/** Loops: made by `loop.created`; each iteration follows in the commit that ended what was before it. */
export const loopAggregate: Aggregate<
  "loop",
  Loop,
  LoopEvent,
  Created,
  LoopCommand,
  IllegalLoopCommand
> = {
  kind: "loop",
  State: Loop,
  index: (loop) => ({
    status: loop.state.status,
    createdAt: loop.createdAt,
    dueAt: loopDueAt(loop),
    owner: ownerKey(loop.owner)
  }),
  create: (id, event, { at }) => created(id, event, at),
  decide,
  evolve
}
