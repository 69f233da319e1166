/** The table of operations, from which every surface is derived. */
import * as administer from "./operation/administer.ts"
import * as agents from "./operation/agents.ts"
import * as discover from "./operation/discover.ts"
import * as loop from "./operation/loop.ts"
import * as output from "./operation/output.ts"
import * as pipeline from "./operation/pipeline.ts"
import * as queue from "./operation/queue.ts"
import * as read from "./operation/read.ts"
import * as schedule from "./operation/schedule.ts"
import * as scheduleCalendar from "./operation/scheduleCalendar.ts"
import * as scheduleSteer from "./operation/scheduleSteer.ts"
import * as service from "./operation/service.ts"
import { start } from "./operation/start.ts"
import * as steer from "./operation/steer.ts"
import type { OperationName } from "./names.ts"
import type { Operation } from "./Operation.ts"

/** Every operation by its name. */
export const operations = {
  start,
  status: read.status,
  list: read.list,
  wait: read.wait,
  stop: steer.stop,
  restart: steer.restart,
  retry: steer.retry,
  resume: steer.resume,
  send: steer.send,
  logs: output.logs,
  events: output.events,
  why: read.why,
  plan: discover.plan,
  prune: steer.prune,
  doctor: discover.doctor,
  capabilities: discover.capabilities,
  "schema list": discover.schemaList,
  "schema show": discover.schemaShow,
  "examples list": discover.examplesList,
  "examples show": discover.examplesShow,
  "agents list": agents.agentsList,
  "agents check": agents.agentsCheck,
  init: agents.init,
  "config show": administer.configShow,
  "config set": administer.configSet,
  "config reset": administer.configReset,
  "config path": administer.configPath,
  "service install": service.serviceInstall,
  "service uninstall": service.serviceUninstall,
  "service status": service.serviceStatus,
  serve: service.serve,
  "pipeline create": pipeline.pipelineCreate,
  "pipeline get": pipeline.pipelineGet,
  "pipeline list": pipeline.pipelineList,
  "pipeline cancel": pipeline.pipelineCancel,
  "schedule create": schedule.scheduleCreate,
  "schedule get": schedule.scheduleGet,
  "schedule list": schedule.scheduleList,
  "schedule update": schedule.scheduleUpdate,
  "schedule pause": scheduleSteer.schedulePause,
  "schedule resume": scheduleSteer.scheduleResume,
  "schedule cancel": scheduleSteer.scheduleCancel,
  "schedule trigger": scheduleSteer.scheduleTrigger,
  "schedule delete": scheduleSteer.scheduleDelete,
  "schedule upcoming": scheduleCalendar.scheduleUpcoming,
  "schedule runs": scheduleCalendar.scheduleRuns,
  "schedule examples": scheduleCalendar.scheduleExamples,
  "loop create": loop.loopCreate,
  "loop get": loop.loopGet,
  "loop list": loop.loopList,
  "loop pause": loop.loopPause,
  "loop resume": loop.loopResume,
  "loop cancel": loop.loopCancel,
  "loop clean": loop.loopClean,
  "queue list": queue.queueList,
  "queue pause": queue.queuePause,
  "queue resume": queue.queueResume,
  "queue set": queue.queueSet,
  "engine status": administer.engineStatus,
  "engine stop": administer.engineStop
} as const satisfies { readonly [Name in OperationName]: Operation<Name> }

/** The decoded payload of an operation. */
export type Input<Name extends OperationName> = (typeof operations)[Name]["input"]["Type"]
/** The data of an operation's answer. */
export type Output<Name extends OperationName> = (typeof operations)[Name]["output"]["Type"]

/** The row of a name that a caller gave, or null. */
export const findOperation = (name: string): Operation | null => {
  const rows: Readonly<Record<string, Operation>> = operations
  return Object.hasOwn(rows, name) ? (rows[name] ?? null) : null
}
