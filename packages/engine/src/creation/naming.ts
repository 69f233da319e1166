/** Whose a new task or pipeline is to be, and under which id. */
import { makePipelineId } from "@backbeat/core/pipeline/PipelineId"
import { makeTaskId } from "@backbeat/core/task/TaskId"
import type { Owner } from "@backbeat/core/task/TaskSpec"
import { IdStore } from "@backbeat/store/IdStore"
import { TaskStore } from "@backbeat/store/TaskStore"
import * as Effect from "effect/Effect"
import { folderAt, isSameFolder } from "../process/folderAt.ts"
import { Home } from "../home/Home.ts"
import { homeIdOf } from "../home/homeId.ts"
import { terminalOf } from "../process/terminalOf.ts"
import type { Call } from "../call/Call.ts"

/** A whole number from a text: FNV-1a, 32 bits. Source: RFC 9923. */
const hash = (text: string): number => {
  let value = 0x811c9dc5
  for (let at = 0; at < text.length; at++)
    value = Math.imul(value ^ text.charCodeAt(at), 0x01000193) >>> 0
  return value
}

/** Of the call alone, so that the call sent again makes the same. */
const randomOf = ({ caller }: Call, step: number): number =>
  (hash(caller.requestId) + step) % 32_768

/** Whose a task or a pipeline is to be, and under which id; made once. */
export const makeNaming = Effect.gen(function* () {
  const { root } = yield* Home
  const store = yield* TaskStore
  const ids = yield* IdStore

  /** The task of this home in which a call is made. */
  const parentOf = ({ taskId, taskHomeId, taskHome }: Call["caller"]) => {
    const isHere =
      taskHomeId !== undefined
        ? taskHomeId === homeIdOf(root)
        : taskHome === undefined || isSameFolder(folderAt(taskHome), folderAt(root))
    return taskId === undefined || !isHere ? Effect.succeed(null) : store.find(taskId)
  }

  /** Looked up once for all items of a call. */
  const terminals = new WeakMap<Call["caller"], string | null>()
  const terminalOfCaller = (caller: Call["caller"]): string | null => {
    const known = terminals.get(caller)
    if (known !== undefined) return known
    const found = terminalOf(caller.pid)
    terminals.set(caller, found)
    return found
  }

  const ownerOf = Effect.fnUntraced(function* (
    sessionId: string | null,
    index: number,
    { caller }: Call
  ) {
    const parent = yield* parentOf(caller)
    const session = sessionId ?? caller.sessionId ?? null
    const terminal = session === null ? terminalOfCaller(caller) : null
    return {
      sessionId: session,
      taskId: parent?.id ?? null,
      depth: parent === null ? 0 : parent.owner.depth + 1,
      requestId: `${caller.requestId}#${index}`,
      ...(terminal === null ? {} : { terminal })
    } satisfies Owner
  })

  /** The id of a payload without one. */
  const freeId = Effect.fnUntraced(function* (call: Call, index: number) {
    for (let step = index; ; step++) {
      const id = makeTaskId(call.caller.requestedAt, randomOf(call, step))
      if ((yield* ids.kindOf(id)) === null) return id
    }
  })

  /** The id of a pipeline without one. */
  const freePipelineId = Effect.fnUntraced(function* (call: Call) {
    for (let step = 0; ; step++) {
      const id = makePipelineId(call.caller.requestedAt, randomOf(call, step))
      if ((yield* ids.kindOf(id)) === null) return id
    }
  })

  /** Free ids for those that are wanted: one that is taken gets -2 at its end. */
  const freeIds = Effect.fnUntraced(function* (wanted: ReadonlyArray<string>) {
    const found = new Set<string>()
    for (const base of wanted) {
      let id = base
      for (let turn = 2; found.has(id) || (yield* ids.kindOf(id)) !== null; turn++)
        id = `${base}-${turn}`
      found.add(id)
    }
    return [...found]
  })

  return { ownerOf, freeId, freeIds, freePipelineId }
})
