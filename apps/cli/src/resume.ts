/** From a stream that broke to the call that goes on behind its last frame: no frame is missing, none comes twice. */
import type { OutgoingCall } from "@backbeat/client/callEngine"

const snapshot = /^\{"type":"(?:task|pipeline)\.status\.snapshot"/u

/** Whether a frame of a resumed stream was there before: the stream begins anew with what its tasks and its pipeline are. */
export const isRepeated = (frame: string): boolean => snapshot.test(frame)

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value)

const payloadOf = ({ operation, payload }: OutgoingCall): Readonly<Record<string, unknown>> => {
  if (payload === null || payload.trim() === "") return {}
  if (operation === "logs" && !/^\s*[[{"]/u.test(payload)) return { id: payload }
  const parsed: unknown = JSON.parse(payload)
  return isRecord(parsed) ? parsed : {}
}

/** Where the next frame follows; undefined when the frame does not tell, because output lines are among events. */
const placeBehind = (operation: string, payload: Readonly<Record<string, unknown>>, frame: unknown): unknown => {
  if (!isRecord(frame)) return undefined
  if (operation === "events") return payload["lines"] === true ? undefined : frame["sequence"]
  return isRecord(frame["data"]) ? frame["data"]["cursor"] : undefined
}

/** The call that goes on behind the last frame; null when that frame does not tell where. */
export const behind = (call: OutgoingCall, lastFrame: string | null): OutgoingCall | null => {
  if (lastFrame === null) return call
  const payload = payloadOf(call)
  const since = placeBehind(call.operation, payload, JSON.parse(lastFrame))
  return since === undefined ? null : { ...call, payload: JSON.stringify({ ...payload, since }) }
}
