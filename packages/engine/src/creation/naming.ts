/** Ids of new tasks and pipelines. */
import { makePipelineId } from "@backbeat/core/pipeline/PipelineId"
import { makeTaskId } from "@backbeat/core/task/TaskId"
import { IdStore } from "@backbeat/store/IdStore"
import * as Effect from "effect/Effect"
import type { Origin } from "./Origin.ts"
import { once } from "../wiring/once.ts"

/** A whole number from a text: FNV-1a, 32 bits. Source: RFC 9923. */
const hash = (text: string): number => {
  let value = 0x811c9dc5
  for (let at = 0; at < text.length; at++)
    value = Math.imul(value ^ text.charCodeAt(at), 0x01000193) >>> 0
  return value
}

/** Of the request alone, so that the same request makes the same. */
const randomOf = ({ requestId }: Origin, step: number): number => (hash(requestId) + step) % 32_768

/** Finds free ids; made once. */
export const makeNaming = once(
  Effect.gen(function* () {
    const ids = yield* IdStore

    /** The id of a payload without one. */
    const freeId = Effect.fnUntraced(function* (origin: Origin, index: number) {
      for (let step = index; ; step++) {
        const id = makeTaskId(origin.requestedAt, randomOf(origin, step))
        if ((yield* ids.kindOf(id)) === null) return id
      }
    })

    /** The id of a pipeline without one. */
    const freePipelineId = Effect.fnUntraced(function* (origin: Origin) {
      for (let step = 0; ; step++) {
        const id = makePipelineId(origin.requestedAt, randomOf(origin, step))
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

    return { freeId, freeIds, freePipelineId }
  })
)
