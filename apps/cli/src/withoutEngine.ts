/** What `engine status` and `engine stop` answer when no engine runs. */
import { findHome } from "@backbeat/client/Home"
import { lookUp } from "@backbeat/contract/discovery"
import { succeeded } from "@backbeat/contract/Envelope"
import * as Result from "effect/Result"
import type { TypedCall } from "./commandLine.ts"
import { complain } from "./explain.ts"
import { onTerminal } from "./terminal.ts"
import { print } from "./print.ts"

/** Prints the answer; the exit code. */
export const withoutEngine = async ({ operation, home, pretty }: TypedCall): Promise<number> => {
  const found = lookUp(operation)
  if (Result.isFailure(found)) return complain(operation, found.failure)
  const data =
    operation === "engine stop"
      ? { stopped: false, pid: null, liveTasks: 0 }
      : {
          running: false,
          home: findHome(home, process.env).root,
          version: null,
          pid: null,
          startedAt: null,
          tasks: null,
          rssBytes: null
        }
  await print("stdout", `${JSON.stringify(succeeded(operation, data), null, pretty || (await onTerminal()) ? 2 : undefined)}\n`)
  return 0
}
