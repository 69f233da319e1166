/** The handlers of all operations. Each is loaded on first use, so that the engine starts fast. */
import type { NamesByEngine, OperationName } from "@backbeat/contract/names"
import * as Effect from "effect/Effect"
import type { Handler } from "../call/Call.ts"

const alone = <R>(
  handler: Effect.Effect<Handler, never, R>
): Effect.Effect<ReadonlyArray<Handler>, never, R> => Effect.map(handler, (each) => [each])

const start = () => import("./start.ts").then(({ makeStart }) => alone(makeStart))
const read = () => import("./read.ts").then(({ makeReadHandlers }) => makeReadHandlers)
const wait = () => import("./wait.ts").then(({ makeWaitHandler }) => alone(makeWaitHandler))
const steer = () => import("./control.ts").then(({ makeControlHandlers }) => makeControlHandlers)
const send = () => import("./send.ts").then(({ makeSendHandler }) => alone(makeSendHandler))
const repeat = () => import("./repeat.ts").then(({ makeRepeatHandlers }) => makeRepeatHandlers)
const logs = () => import("./logs.ts").then(({ makeLogsHandler }) => alone(makeLogsHandler))
const events = () => import("./events.ts").then(({ makeEventsHandler }) => alone(makeEventsHandler))
const why = () => import("./why.ts").then(({ makeWhyHandler }) => alone(makeWhyHandler))
const plan = () => import("./plan.ts").then(({ makePlanHandler }) => alone(makePlanHandler))
const prune = () => import("./prune.ts").then(({ makePruneHandler }) => alone(makePruneHandler))
const doctor = () => import("./doctor.ts").then(({ makeDoctorHandler }) => alone(makeDoctorHandler))
const discover = () =>
  import("./discover.ts").then(({ makeDiscoveryHandlers }) => makeDiscoveryHandlers)
const agents = () => import("./agents.ts").then(({ makeAgentsHandlers }) => makeAgentsHandlers)
const config = () => import("./config.ts").then(({ makeConfigHandlers }) => makeConfigHandlers)
const pipeline = () =>
  import("./pipeline.ts").then(({ makePipelineHandlers }) => makePipelineHandlers)
const loop = () => import("./loop.ts").then(({ makeLoopHandlers }) => makeLoopHandlers)
const queue = () => import("./queue.ts").then(({ makeQueueHandlers }) => makeQueueHandlers)
const schedule = () =>
  import("./schedule.ts").then(({ makeScheduleHandlers }) => makeScheduleHandlers)
const scheduleSteer = () =>
  import("./scheduleSteer.ts").then(({ makeScheduleSteerHandlers }) => makeScheduleSteerHandlers)
const scheduleCalendar = () =>
  import("./scheduleCalendar.ts").then(
    ({ makeScheduleCalendarHandlers }) => makeScheduleCalendarHandlers
  )
const engine = () => import("./engine.ts").then(({ makeEngineHandlers }) => makeEngineHandlers)

/** The program does the others by itself; they never reach an engine. */
type AnsweredName = Exclude<OperationName, NamesByEngine<"here">>

const loaders = {
  start,
  status: read,
  list: read,
  wait,
  stop: steer,
  restart: steer,
  retry: repeat,
  resume: repeat,
  send,
  logs,
  events,
  why,
  plan,
  prune,
  doctor,
  capabilities: discover,
  "schema list": discover,
  "schema show": discover,
  "examples list": discover,
  "examples show": discover,
  "agents list": agents,
  "agents check": agents,
  init: agents,
  "config show": config,
  "config set": config,
  "config reset": config,
  "config path": config,
  "pipeline create": pipeline,
  "pipeline get": pipeline,
  "pipeline list": pipeline,
  "pipeline cancel": pipeline,
  "schedule create": schedule,
  "schedule get": schedule,
  "schedule list": schedule,
  "schedule update": schedule,
  "schedule pause": scheduleSteer,
  "schedule resume": scheduleSteer,
  "schedule cancel": scheduleSteer,
  "schedule trigger": scheduleSteer,
  "schedule delete": scheduleSteer,
  "schedule upcoming": scheduleCalendar,
  "schedule runs": scheduleCalendar,
  "schedule examples": schedule,
  "loop create": loop,
  "loop get": loop,
  "loop list": loop,
  "loop pause": loop,
  "loop resume": loop,
  "loop cancel": loop,
  "loop clean": loop,
  "queue list": queue,
  "queue pause": queue,
  "queue resume": queue,
  "queue set": queue,
  "engine status": engine,
  "engine stop": engine
} as const satisfies Record<
  AnsweredName,
  () => Promise<Effect.Effect<ReadonlyArray<Handler>, never, unknown>>
>

type Needed = Effect.Services<Awaited<ReturnType<(typeof loaders)[AnsweredName]>>>
type Load = () => Promise<Effect.Effect<ReadonlyArray<Handler>, never, Needed>>

const isName = (name: string): name is AnsweredName => Object.hasOwn(loaders, name)

/** Builds a function that finds the handler of an operation; null if there is no such operation. */
export const makeHandlers = Effect.gen(function* () {
  const context = yield* Effect.context<Needed>()
  const known = new Map<string, Handler>()
  return Effect.fnUntraced(function* (name: string) {
    if (!known.has(name) && isName(name)) {
      const load: Load = loaders[name]
      const loaded = yield* Effect.provideContext(yield* Effect.promise(load), context)
      for (const each of loaded) known.set(each.operation.name, each)
    }
    return known.get(name) ?? null
  })
})
