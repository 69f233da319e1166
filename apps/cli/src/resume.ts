/**
 * Builds the call that resumes a broken stream after its last frame, without missing or repeated
 * frames.
 */
import type { OutgoingCall } from "@backbeat/client/callEngine"
import { entryRowOf } from "@backbeat/contract/names"

const snapshot = /^\{"type":"(?:task|pipeline)\.status\.snapshot"/u

/** Whether a frame of a resumed stream is a repeated snapshot of its tasks or pipeline. */
export const isRepeated = (frame: string): boolean => snapshot.test(frame)

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value)

const given = ({ operation, payload }: OutgoingCall): Readonly<Record<string, unknown>> => {
  if (payload === null || payload.trim() === "") return {}
  const positional = entryRowOf(operation)?.positional ?? null
  if (positional !== null && !/^\s*[[{"]/u.test(payload)) return { [positional]: payload }
  const parsed: unknown = JSON.parse(payload)
  return isRecord(parsed) ? parsed : {}
}

/** The flag --follow sets the field. */
const payloadOf = (call: OutgoingCall): Readonly<Record<string, unknown>> =>
  call.flags["follow"] === true ? { ...given(call), follow: true } : given(call)

/** What was printed of a stream. */
export interface Printed {
  readonly count: number
  readonly last: string | null
}

const linesByDefault = 100

/**
 * Where the next line follows; undefined if the frame does not say. Reduces `count` by the printed
 * lines, except with context lines, where it is unknown which were counted.
 */
const behindLine = (
  payload: Readonly<Record<string, unknown>>,
  last: Readonly<Record<string, unknown>>,
  count: number
) => {
  const since = isRecord(last["data"]) ? last["data"]["cursor"] : undefined
  if (since === undefined || Number(payload["context"] ?? 0) > 0) return undefined
  const left =
    payload["count"] === undefined ? {} : { count: Math.max(1, Number(payload["count"]) - count) }
  return payload["follow"] === true
    ? { since, ...left }
    : { since, ...left, lines: Math.max(0, Number(payload["lines"] ?? linesByDefault) - count) }
}

/**
 * Whether a call reads the lines of several tasks. Then no frame has a position in all of them, and
 * the stream starts again.
 */
const isOfMany = (call: OutgoingCall): boolean =>
  entryRowOf(call.operation)?.resume === "cursor" && given(call)["id"] === undefined

/** Whether printed lines are sent again when the stream is resumed. */
export const tellsAllAgain = (call: OutgoingCall): boolean =>
  entryRowOf(call.operation)?.resume === "sequence" || isOfMany(call)

/** The call that continues after what was printed; null if that is unknown. */
export const behind = (call: OutgoingCall, { count, last }: Printed): OutgoingCall | null => {
  if (last === null || isOfMany(call)) return call
  const payload = payloadOf(call)
  const frame: unknown = JSON.parse(last)
  if (!isRecord(frame)) return null
  const place =
    entryRowOf(call.operation)?.resume === "sequence"
      ? { since: frame["sequence"] }
      : behindLine(payload, frame, count)
  return place === undefined ? null : { ...call, payload: JSON.stringify({ ...payload, ...place }) }
}
