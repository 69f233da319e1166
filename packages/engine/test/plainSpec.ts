/** A task of which a test says only what matters to it. */
import { defaultRestartPolicy } from "@backbeat/core/task/RestartPolicy"
import type { TaskSpec } from "@backbeat/core/task/TaskSpec"

/** A caller outside of any task. */
export const owner = { sessionId: null, taskId: null, depth: 0 }
/** A command that ends at once, with everything at its default. */
export const plainSpec: TaskSpec = {
  name: null,
  work: { kind: "command", command: "true", args: [] },
  cwd: "/",
  envKeys: [],
  forgetEnv: false,
  stdin: { kind: "null" },
  tags: [],
  priority: "P1",
  queue: "default",
  dependsOn: [],
  notBefore: null,
  delayMs: null,
  timeout: null,
  stallTimeoutMs: null,
  stopSignal: "SIGTERM",
  gracePeriodMs: 5000,
  successExitCodes: [0],
  restart: defaultRestartPolicy,
  readyWhen: null,
  healthProbe: null,
  maxOutputBytes: 10_485_760,
  notify: null,
  umask: 0o022
}
