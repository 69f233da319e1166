/** Calls an engine on its socket, where a test wants to say itself which call it is. */
import { callPath, socketName } from "@backbeat/contract/protocol"
import * as Schema from "effect/Schema"
import { join } from "node:path"
import type { Rig } from "./Rig.ts"
import { withFull } from "./wholeTasks.ts"

const decode = Schema.decodeUnknownSync(
  Schema.Struct({ ok: Schema.Literal(true), data: Schema.Unknown })
)

/** The document of a call of this name, at an engine that runs; the name ends in `again` when it was sent before. */
export const posted = async (
  rig: Rig,
  operation: string,
  payload: unknown,
  name: string
): Promise<unknown> => {
  const [requestId = "", repeated] = name.split(" again")
  const caller = {
    client: "test",
    version: "0.1.0",
    cwd: rig.scratch,
    pid: process.pid,
    requestId,
    requestedAt: 1_795_000_000_000,
    env: {},
    ...(repeated === undefined ? {} : { repeated: true })
  }
  const body = JSON.stringify({
    operation,
    payload: JSON.stringify(withFull(operation, payload)),
    caller,
    flags: {}
  })
  const answer = await fetch(`http://engine${callPath}`, {
    method: "POST",
    unix: join(rig.home, socketName),
    body
  })
  return answer.json()
}

/** The data of such a call. Throws when it was refused. */
export const post = async (
  rig: Rig,
  operation: string,
  payload: unknown,
  requestId: string
): Promise<unknown> => decode(await posted(rig, operation, payload, requestId)).data
