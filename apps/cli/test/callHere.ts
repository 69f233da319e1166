/** Calls as the binary makes them, by its own client, without a process for each: for a test that makes hundreds. */
import { callEngine } from "@backbeat/client/callEngine"
import { Unreachable } from "@backbeat/client/Unreachable"
import * as Schema from "effect/Schema"
import { join } from "node:path"
import { binary, type Rig } from "./Rig.ts"

const decodeDocument = Schema.decodeUnknownSync(
  Schema.fromJsonString(Schema.Record(Schema.String, Schema.Unknown))
)

/** The document that answers. A missing engine is started from the compiled binary, and a broken call is sent again. */
export const callHere = async (
  rig: Rig,
  operation: string,
  payload: unknown,
  flags: Readonly<Record<string, unknown>> = {}
): Promise<Readonly<Record<string, unknown>>> => {
  const { home: root, scratch: cwd } = rig
  const target = {
    root,
    configPath: join(root, "config.json"),
    engineCommand: [binary, "engine-role"]
  }
  const caller = {
    client: "test",
    version: "0.1.0",
    cwd,
    pid: process.pid,
    umask: process.umask(),
    requestId: crypto.randomUUID(),
    requestedAt: Date.now(),
    env: rig.environment()
  }
  try {
    const call = { operation, payload: JSON.stringify(payload), flags, caller }
    const response = await callEngine(target, call)
    return response === null ? {} : decodeDocument(await response.text())
  } catch (thrown) {
    if (!(thrown instanceof Unreachable)) throw thrown
    return { ok: false, error: thrown.problem }
  }
}
