/**
 * Calls as the binary makes them, by its own client, without a process for each: for a test that makes hundreds. The engine is that of the
 * compiled binary.
 */
import { callEngine } from "@backbeat/client/callEngine"
import { Unreachable } from "@backbeat/client/Unreachable"
import { entryRowOf } from "@backbeat/contract/names"
import * as Schema from "effect/Schema"
import { join } from "node:path"
import { binary } from "./binary.ts"

/** Where a call is made, and in which environment. */
export interface Here {
  readonly home: string
  readonly scratch: string
  readonly environment: () => Readonly<Record<string, string>>
}

type Document = Readonly<Record<string, unknown>>

const decodeDocument = Schema.decodeUnknownSync(
  Schema.fromJsonString(Schema.Record(Schema.String, Schema.Unknown))
)

/** What a process has that was started outside of any task: a task's marks would make it one of that task's. */
const withHome = (home: string): ReadonlyArray<string> => [
  "env",
  ...Object.keys(process.env)
    .filter((name) => name.startsWith("BACKBEAT_"))
    .flatMap((name) => ["-u", name]),
  `BACKBEAT_HOME=${home}`
]

/** The document that answers; null where only the binary does. A missing engine is started from the binary, and a broken call is sent again. */
export const callHere = async (
  { home: root, scratch: cwd, environment }: Here,
  operation: string,
  payload: unknown,
  flags: Readonly<Record<string, unknown>> = {}
): Promise<Document | null> => {
  const { engine = "starts", environment: takesEnvironment = false } = entryRowOf(operation) ?? {}
  const target = {
    root,
    configPath: join(root, "config.json"),
    engineCommand: engine === "starts" ? [...withHome(root), binary, "engine-role"] : null
  }
  const caller = {
    client: "cli",
    version: "0.1.0",
    cwd,
    pid: process.pid,
    umask: process.umask(),
    requestId: crypto.randomUUID(),
    requestedAt: Date.now(),
    ...(takesEnvironment ? { env: environment() } : {})
  }
  const here = process.cwd()
  try {
    const call = { operation, payload: JSON.stringify(payload), flags, caller }
    const response = await callEngine(target, call)
    return response === null ? null : decodeDocument(await response.text())
  } catch (thrown) {
    if (!(thrown instanceof Unreachable)) throw thrown
    return { ok: false, error: thrown.problem }
  } finally {
    // The client enters a home whose path is too long for a socket. The binary exits afterwards.
    process.chdir(here)
  }
}
