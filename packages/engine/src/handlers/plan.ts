/** Answers `plan`: what a start would do. Nothing is stored and nothing runs. */
import { decodePayload } from "@backbeat/contract/decodePayload"
import { type Input, operations } from "@backbeat/contract/table"
import { isFinal } from "@backbeat/core/task/TaskState"
import { TaskStore } from "@backbeat/store/TaskStore"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { Settings } from "../home/Settings.ts"
import { resolveCommand } from "../process/resolveCommand.ts"
import { slotsOf } from "../task/slots.ts"
import { type Call, handle, toProblem } from "./Call.ts"
import { iso } from "./taskAnswer.ts"
import { type Specified, specify } from "./taskSpec.ts"

const argvOf = ({ spec, env }: Specified): { readonly argv: ReadonlyArray<string>; readonly warning: string | null } => {
  const { work, cwd } = spec
  const argv = work.kind === "command" ? [work.command, ...work.args] : ["/bin/sh"]
  const resolved = resolveCommand({ argv, cwd, env })
  if (resolved.kind === "notSpawned") return { argv, warning: `it could not be started: ${resolved.message}` }
  const script = work.kind === "script" ? ["<the script, in a file of the attempt>"] : []
  return { argv: [resolved.path, ...argv.slice(1), ...script], warning: null }
}

/** The handler of `plan`. */
export const makePlanHandler = Effect.gen(function* () {
  const store = yield* TaskStore
  const settings = yield* Settings

  const warningsOf = Effect.fnUntraced(function* (id: string | undefined, { spec }: Specified) {
    const existing = id === undefined ? null : yield* Effect.mapError(store.find(id), toProblem(id))
    const busy = (yield* Effect.mapError(store.busy, toProblem("")))[spec.queue] ?? 0
    const slots = slotsOf(settings.current(), spec.queue)
    return [
      ...(existing === null ? [] : [isFinal(existing.state.status) ? `task ${id} exists: this would be its attempt ${existing.state.attempt + 1}` : `task ${id} is ${existing.state.status}`]),
      ...(busy >= slots ? [`queue ${spec.queue} is full (${busy} of ${slots}): it would wait`] : [])
    ]
  })

  const planOne = Effect.fnUntraced(function* (payload: unknown, { caller }: Call) {
    const input = yield* Effect.fromResult(decodePayload(operations.start, payload))
    const now = yield* Clock.currentTimeMillis
    const setting = { cwd: caller.cwd, umask: caller.umask ?? 0o022, callersEnv: caller.env ?? {}, config: settings.current(), now }
    const specified = yield* Effect.fromResult(specify(input, setting))
    const { argv, warning } = argvOf(specified)
    const warnings = yield* warningsOf(input.id, specified)
    return {
      id: input.id ?? null,
      argv,
      cwd: specified.spec.cwd,
      spec: { ...specified.spec },
      startsAt: specified.spec.notBefore === null ? null : iso(specified.spec.notBefore),
      warnings: warning === null ? warnings : [warning, ...warnings]
    }
  })

  return handle(operations.plan, (input: Input<"plan">, call) =>
    Effect.gen(function* () {
      const payloads: ReadonlyArray<unknown> = Array.isArray(input.payload) ? input.payload : [input.payload]
      const tasks = yield* Effect.forEach(payloads, (payload) => planOne(payload, call))
      return { operation: input.operation ?? "start", tasks, order: tasks.map((_, index) => index) }
    })
  )
})
