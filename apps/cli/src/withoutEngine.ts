/** What `engine status` and `engine stop` answer when no engine runs. */
import { findHome } from "@backbeat/client/Home"
import { succeeded } from "@backbeat/contract/Envelope"
import type { TypedCall } from "./commandLine.ts"

/** Prints the answer; the exit code. */
export const withoutEngine = ({ operation, home, pretty }: TypedCall): number => {
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
  console.log(JSON.stringify(succeeded(operation, data), null, pretty ? 2 : undefined))
  return 0
}
