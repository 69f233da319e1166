/** `start`: starts a command, a script or a prompt as a task. */
import { Effort, PermissionMode } from "@backbeat/core/task/AgentWork"
import { Dependency } from "@backbeat/core/task/Dependency"
import { Notify } from "@backbeat/core/task/Notify"
import { HealthProbe, ProbeInput } from "@backbeat/core/task/Probe"
import { RestartPolicy } from "@backbeat/core/task/RestartPolicy"
import { TaskId } from "@backbeat/core/task/TaskId"
import { Priority, StopSignal } from "@backbeat/core/task/TaskSpec"
import * as Schema from "effect/Schema"
import {
  about,
  atMost,
  between,
  Instant,
  NonEmptyText,
  optional,
  Tags,
  Text,
  warnings
} from "../fields.ts"
import { cutAnswer } from "../cutAnswer.ts"
import { full, ShownTask } from "../LeanTask.ts"
import { ArtifactAnswer } from "../Artifact.ts"
import { operation } from "../Operation.ts"
import { lastLines, neverReady, timedOut } from "../TaskAnswer.ts"

const { when, maxAttempts, delayMs, backoff, maxDelayMs, resetAfterMs } = RestartPolicy.fields

/** A restart policy whose fields have defaults. */
const RestartInput = Schema.Struct({
  when: optional(when, "after which ends another attempt follows (default never)"),
  maxAttempts: optional(maxAttempts, "attempts in all, the first included (default 3)"),
  delayMs: optional(delayMs, "milliseconds before the second attempt (default 1000)"),
  backoff: optional(backoff, "how the delay grows (default exponential)"),
  maxDelayMs: optional(maxDelayMs, "the longest delay in milliseconds (default 60000)"),
  resetAfterMs: optional(
    resetAfterMs,
    "milliseconds of an attempt after which attempts are counted from 1 again (default 60000)"
  )
})

const StdinInput = Schema.Union([
  Text,
  Schema.Struct({ file: about(NonEmptyText, "path of a file to read") })
])

/** Variables to add to an environment. */
export const EnvInput = Schema.Record(
  Schema.String.check(Schema.isPattern(/^[^=\0]+$/u)),
  Text
).annotate({
  messageUnexpectedKey: "the name of a variable must not be empty and must not contain = or NUL"
})

const DependsOn = Schema.Union([
  TaskId,
  Schema.Array(Schema.Union([TaskId, Dependency])).check(Schema.isMaxLength(100))
])

/** What to ask an agent, and how. Requires `prompt`. */
export const agentFields = {
  agent: optional(
    NonEmptyText.check(atMost(64)),
    "the agent that gets the prompt: claude, codex, gemini, opencode or a configured one (default: defaultAgent of the configuration)"
  ),
  model: optional(NonEmptyText.check(atMost(200)), "the agent's model (default: its own)"),
  effort: optional(Effort, "how long the model thinks, if the agent supports it"),
  systemPrompt: optional(
    NonEmptyText.check(atMost(100_000)),
    "instructions added to the agent's own"
  ),
  permissionMode: optional(
    PermissionMode,
    "plan only reads; edit (default) changes files below cwd and runs the commands that the agent allows; full checks nothing. Custom agents use their own settings instead"
  ),
  maxTurns: optional(between(1, 100_000), "the most turns, if the agent supports a limit"),
  maxCostUsd: optional(
    Schema.Finite.check(Schema.isBetween({ minimum: 0.0001, maximum: 100_000 })),
    "the most it may cost in US dollars, if the agent supports a limit"
  ),
  outputSchema: optional(
    Schema.JsonObject,
    "a JSON Schema for result.structured, if the agent supports one"
  )
}

/** The payload of `start`. Exactly one of `command`, `script` and `prompt` is given; the engine checks that. */
export const StartInput = Schema.Struct({
  id: optional(TaskId, "the task's id (default: a new one)"),
  name: optional(NonEmptyText.check(atMost(200)), "a name for people"),
  ifRunning: optional(
    Schema.Literals(["error", "return", "restart"]),
    "what to do when a task with this id has not ended: refuse (default), return that task, or restart it with this payload (only if it is running or retrying)"
  ),
  ifEnded: optional(
    Schema.Literals(["again", "return", "error"]),
    "what to do when a task with this id has ended: run it again as another attempt with this payload (default; for another session's task in another cwd only if given), return that task, or refuse"
  ),
  command: optional(NonEmptyText, "the program to run, found on PATH; it runs without a shell"),
  args: optional(Schema.Array(Text), "its arguments"),
  script: optional(
    NonEmptyText,
    "a script, instead of command; /bin/sh runs it, or the interpreter that its first line names (#!)"
  ),
  prompt: optional(
    NonEmptyText.check(atMost(1_000_000)),
    "the task for an agent, instead of command"
  ),
  ...agentFields,
  cwd: optional(NonEmptyText, "working directory (default: the caller's)"),
  stdin: optional(
    StdinInput,
    'standard input: text, {"file": path}, or "open" for a pipe that send writes to (default: empty)'
  ),
  tags: optional(Tags, "labels to find the task by; at most 64 of 64 characters"),
  priority: optional(Priority, "P0 is most urgent; the order in its queue (default P2)"),
  queue: optional(
    TaskId,
    "the queue that starts it (default: agents for a prompt, otherwise default, which starts everything at once)"
  ),
  dependsOn: optional(
    DependsOn,
    'tasks that must end first: one id or a list of ids (they must succeed), or {"task": id, "on": "success" | "failure" | "end"}; at most 100'
  ),
  continueFrom: optional(
    TaskId,
    "a task whose results are put before the prompt; it is added to dependsOn"
  ),
  env: optional(EnvInput, "variables added to the environment; their values are never shown"),
  inheritEnv: optional(
    Schema.Boolean,
    "whether it inherits the caller's environment (default true)"
  ),
  forgetEnv: optional(
    Schema.Boolean,
    "delete the stored environment when the task ends; then it cannot be restarted"
  ),
  notBefore: optional(Instant, "do not start before this instant (ISO 8601)"),
  delayMs: optional(
    between(0, 31_536_000_000),
    "milliseconds to wait before the start, counted from now, or from the end of its dependencies"
  ),
  timeout: optional(
    between(1000, 86_400_000),
    "milliseconds an attempt may run before it fails with TimedOut (default: no limit; 1800000 for a prompt)"
  ),
  stallTimeoutMs: optional(
    between(100, 86_400_000),
    "milliseconds without output after which it fails with StalledOutput"
  ),
  stopSignal: optional(StopSignal, "the signal that stops it (default SIGTERM)"),
  gracePeriodMs: optional(
    between(0, 3_600_000),
    "milliseconds between that signal and SIGKILL (default 5000)"
  ),
  successExitCodes: optional(
    Schema.Array(between(0, 255)).check(Schema.isMaxLength(256)),
    "exit codes that count as success (default [0])"
  ),
  restart: optional(RestartInput, "when another attempt follows one that ended"),
  readyWhen: optional(
    ProbeInput,
    'how to detect that it is ready: a URL, {"port": n}, or an object with http, tcp, command or log'
  ),
  healthProbe: optional(
    HealthProbe,
    "how to detect that it is still healthy: http, tcp or command"
  ),
  maxOutputBytes: optional(
    between(1024, 1_073_741_824),
    "bytes kept of each output stream; older ones are dropped (default 1 GiB)"
  ),
  maxOutputBuffer: optional(between(1024, 1_073_741_824), "another name for maxOutputBytes"),
  notify: optional(Notify, "a shell command or webhook to call onEnd, onReady or onLog"),
  sessionId: optional(
    NonEmptyText.check(atMost(200)),
    "the session that owns it (default: the one in the caller's environment)"
  ),
  full
})
export type StartInput = typeof StartInput.Type

const found = {
  existing: optional(Schema.Boolean, "whether the task was there already and is answered as it is"),
  differs: optional(
    Schema.Array(Schema.String),
    "the fields in which the payload differs from that task"
  ),
  alreadyEnded: optional(Schema.Boolean, "whether that task had ended"),
  warnings
}

/** Starts tasks. */
export const start = operation({
  name: "start",
  environment: true,
  argv: true,
  summary: "Start a command, a script or an agent's prompt in the background.",
  input: StartInput,
  output: Schema.Union([
    Schema.Struct({ task: ShownTask, lastLines, neverReady, timedOut, ...found }),
    ArtifactAnswer
  ]),
  cut: cutAnswer({ carried: true }),
  errors: [
    "CommandInputError",
    "TaskNotFound",
    "DependencyNotFound",
    "DependencyCycle",
    "AgentUnavailable",
    "TaskAlreadyRunning",
    "QuotaExceeded",
    "StoreError",
    "TaskWaitTimedOut",
    "IllegalTransition"
  ],
  examples: [
    { title: "a command", payload: { id: "demo", command: "echo", args: ["hello"] } },
    {
      title: "a script",
      payload: { id: "greet", script: 'for n in 1 2 3; do echo "line $n"; done' }
    },
    {
      title: "a server: ready when its log says so, restarted when it fails",
      payload: {
        id: "web",
        script: "echo listening; sleep 1",
        readyWhen: { log: "listening" },
        restart: { when: "on-failure", maxAttempts: 5 },
        tags: ["dev"]
      }
    },
    {
      title: "a prompt for an agent",
      payload: {
        id: "fix",
        prompt: "Make the tests in src/parse.test.ts pass.",
        agent: "claude",
        timeout: 600_000
      }
    },
    {
      title: "another agent that continues the work of the first",
      payload: {
        id: "review",
        prompt: "Review what was changed.",
        agent: "codex",
        permissionMode: "plan",
        continueFrom: "fix"
      }
    },
    {
      title: "a chain: each task waits for the one before it",
      payload: [
        { id: "build", command: "true" },
        { id: "test", command: "true", dependsOn: ["build"] },
        { id: "deploy", command: "true", dependsOn: ["test"] },
        {
          id: "report",
          command: "echo",
          args: ["over"],
          dependsOn: [{ task: "deploy", on: "end" }]
        }
      ]
    },
    {
      title: "several at once",
      payload: [
        { id: "one", command: "true" },
        { id: "two", command: "true", priority: "P0" }
      ]
    }
  ],
  batch: true,
  flags: ["wait", "timeout", "concurrency", "output", "exit-status"],
  readOnly: false,
  positional: null,
  human: "tasks",
  web: "POST",
  mcp: { tool: "DelegateTask" }
})
