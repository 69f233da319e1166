/** Starts payloads, one or many: everything of one call is stored in one commit. */
import { type Problem, problem } from "@backbeat/contract/Problem"
import type { StartInput } from "@backbeat/contract/operation/start"
import type { Owner } from "@backbeat/core/task/TaskSpec"
import type { Task } from "@backbeat/core/task/Task"
import { makeTaskId } from "@backbeat/core/task/TaskId"
import { isFinal } from "@backbeat/core/task/TaskState"
import { StoreError } from "@backbeat/store/StoreError"
import { TaskStore } from "@backbeat/store/TaskStore"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import { Home } from "../home/Home.ts"
import { keepEnvironment, type Variables } from "../home/KeptEnvironment.ts"
import { Settings } from "../home/Settings.ts"
import { Transitions } from "../task/Transitions.ts"
import type { Tx } from "../task/Tx.ts"
import { actorOf, type Call, toProblem } from "./Call.ts"
import { type Specified, specify } from "./taskSpec.ts"
import { errorCode, errorMessage } from "../thrown.ts"

/** One payload of a call; `index` is its place in the array. */
export interface Item {
  readonly input: StartInput
  readonly index: number
}

/** What is to become of an id. */
interface Wanted {
  readonly specified: Specified
  readonly owner: Owner
}

const alreadyRunning = (task: Task): Problem =>
  problem(
    "TaskAlreadyRunning",
    `task ${task.id} is ${task.state.status}`,
    'Use another id, stop it first, or give "ifRunning": "return" or "restart".',
    { id: task.id, status: task.state.status }
  )

/** The limits that keep a runaway agent from filling the machine. */
const makeQuota = Effect.gen(function* () {
  const store = yield* TaskStore
  const settings = yield* Settings
  return {
    check: Effect.fnUntraced(function* (depth: number) {
      const { maxDepth, maxLive } = settings.current()
      if (depth > maxDepth) {
        const hint = "Start it from outside of a task, or raise maxDepth in the configuration."
        return yield* Effect.fail(problem("QuotaExceeded", `tasks are nested more than ${maxDepth} deep`, hint, { maxDepth }))
      }
      const live = yield* store.liveCount
      if (live >= maxLive) {
        const hint = "Wait for some to end, stop some, or raise maxLive in the configuration."
        return yield* Effect.fail(problem("QuotaExceeded", `${live} tasks live already`, hint, { maxLive, live }))
      }
    })
  }
})

/** A whole number from a text: FNV-1a, 32 bits. Source: RFC 9923. */
const hash = (text: string): number => {
  let value = 0x811c9dc5
  for (let at = 0; at < text.length; at++) value = Math.imul(value ^ text.charCodeAt(at), 0x01000193) >>> 0
  return value
}

/** Whose a task is to be, and under which id; made once. */
const makeNaming = Effect.gen(function* () {
  const store = yield* TaskStore

  const ownerOf = Effect.fnUntraced(function* (input: StartInput, index: number, { caller }: Call) {
    const parent = caller.taskId === undefined ? null : yield* store.find(caller.taskId)
    return {
      sessionId: input.sessionId ?? caller.sessionId ?? null,
      taskId: parent?.id ?? null,
      depth: parent === null ? 0 : parent.owner.depth + 1,
      requestId: `${caller.requestId}#${index}`
    }
  })

  /** The id of a payload without one: made of the call, so that the call sent again makes the same. */
  const freeId = Effect.fnUntraced(function* ({ caller }: Call, index: number, requestId: string) {
    for (let step = index; ; step++) {
      const id = makeTaskId(caller.requestedAt, (hash(caller.requestId) + step) % 32_768)
      const existing = yield* store.find(id)
      if (existing === null || existing.owner.requestId === requestId) return { id, existing }
    }
  })

  return { ownerOf, freeId }
})

const reasons: Readonly<Record<string, StoreError["reason"]>> = {
  ENOSPC: "full",
  EDQUOT: "full",
  EROFS: "readonly",
  EACCES: "readonly",
  EPERM: "readonly"
}

/** Keeps a task's environment. A disk that is full is no defect. */
const keep = (root: string, id: string, env: Variables): Effect.Effect<void, StoreError> =>
  Effect.try({
    try: () => keepEnvironment(root, id, env),
    catch: (thrown) =>
      new StoreError({
        reason: reasons[errorCode(thrown)] ?? "unavailable",
        message: `the environment of ${id} could not be kept: ${errorMessage(thrown)}`
      })
  })

/** What became of one payload. */
export interface Started {
  readonly index: number
  readonly result: Result.Result<Task, Problem>
}

/** Starts payloads. Made once; an item's failure leaves the others as they are. */
export const makeStarter = Effect.gen(function* () {
  const { root } = yield* Home
  const store = yield* TaskStore
  const settings = yield* Settings
  const transitions = yield* Transitions
  const quota = yield* makeQuota
  const { ownerOf, freeId } = yield* makeNaming

  const startAnew = Effect.fnUntraced(function* (tx: Tx, task: Task, { input }: Item, wanted: Wanted & { readonly call: Call }) {
    const { state } = task
    const { spec, env } = wanted.specified
    const live = !isFinal(state.status)
    if (live && input.ifRunning === "return") return task
    if (live && input.ifRunning !== "restart") return yield* Effect.fail(alreadyRunning(task))
    const command = { type: "Restart", reason: null, spec } as const
    const changed = yield* tx.change({ ...task, owner: wanted.owner }, command, actorOf(wanted.call))
    // Only now: a task that cannot be restarted keeps the environment that it has.
    yield* keep(root, task.id, env)
    return changed
  })

  const startOne = Effect.fnUntraced(function* (tx: Tx, item: Item, call: Call) {
    const { input, index } = item
    const setting = { cwd: call.caller.cwd, umask: call.caller.umask ?? 0o022, callersEnv: call.caller.env ?? {}, config: settings.current(), now: tx.now }
    const specified = yield* Effect.fromResult(specify(input, setting))
    const owner = yield* ownerOf(input, index, call)
    const { id, existing } =
      input.id === undefined
        ? yield* freeId(call, index, owner.requestId)
        : { id: input.id, existing: yield* store.find(input.id) }
    // The same call, sent again because its connection broke: it has been done.
    if (existing?.owner.requestId === owner.requestId) return existing
    yield* quota.check(owner.depth)
    if (existing !== null) return yield* startAnew(tx, existing, item, { specified, owner, call })
    yield* keep(root, id, specified.env)
    return yield* tx.create(id, specified.spec, owner, actorOf(call))
  })

  return (items: ReadonlyArray<Item>, call: Call): Effect.Effect<ReadonlyArray<Started>, StoreError> =>
    transitions.commit((tx) =>
      Effect.forEach(items, (item) =>
        startOne(tx, item, call).pipe(
          Effect.map((task): Started => ({ index: item.index, result: Result.succeed(task) })),
          Effect.catch((trouble) =>
            trouble._tag === "StoreError"
              ? Effect.fail(trouble)
              : Effect.succeed({ index: item.index, result: Result.fail(toProblem(item.input.id ?? "")(trouble)) })
          )
        )
      )
    )
})
