/** Every operation with the code that answers it. */
import * as Effect from "effect/Effect"
import { makeAgentsHandlers } from "./agents.ts"
import { makeConfigHandlers, makeDiscoveryHandlers } from "./administer.ts"
import type { Handled } from "./Call.ts"
import { makeDoctorHandler } from "./doctor.ts"
import { makeEngineHandlers } from "./engine.ts"
import { makeEventsHandler } from "./events.ts"
import { makeLogsHandler } from "./logs.ts"
import { makePipelineHandlers } from "./pipeline.ts"
import { makePlanHandler } from "./plan.ts"
import { makePruneHandler } from "./prune.ts"
import { makeQueueHandlers } from "./queue.ts"
import { makeListHandler, makeStatusHandler } from "./read.ts"
import { makeStart } from "./start.ts"
import { makeRepeatHandlers } from "./repeat.ts"
import { makeRestartHandler, makeSendHandler, makeStopHandler } from "./steer.ts"
import { makeWaitHandler } from "./wait.ts"
import { makeWhyHandler } from "./why.ts"

/** The handlers by the name of their operation. */
export const makeHandlers = Effect.gen(function* () {
  const single: ReadonlyArray<Handled> = yield* Effect.all([
    makeStart,
    makeStatusHandler,
    makeListHandler,
    makeWaitHandler,
    makeStopHandler,
    makeRestartHandler,
    makeSendHandler,
    makeLogsHandler,
    makeEventsHandler,
    makeWhyHandler,
    makePlanHandler,
    makePruneHandler,
    makeDoctorHandler
  ])
  const handlers = [...single, ...(yield* makeRepeatHandlers), ...(yield* makeAgentsHandlers), ...(yield* makeDiscoveryHandlers), ...(yield* makeConfigHandlers), ...(yield* makePipelineHandlers), ...(yield* makeQueueHandlers), ...(yield* makeEngineHandlers)]
  return new Map(handlers.map((each) => [each.operation.name, each]))
})
