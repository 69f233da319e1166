/** `start`: a task from a command, a script or a prompt. */
import { Effort, PermissionMode } from "@backbeat/core/task/AgentWork"
import { Dependency } from "@backbeat/core/task/Dependency"
import { Notify } from "@backbeat/core/task/Notify"
import { HealthProbe, ProbeInput } from "@backbeat/core/task/Probe"
import { RestartPolicy } from "@backbeat/core/task/RestartPolicy"
import { TaskId } from "@backbeat/core/task/TaskId"
import { Priority, StopSignal } from "@backbeat/core/task/TaskSpec"
import * as Schema from "effect/Schema"
import { about, atMost, between, Instant, NonEmptyText, optional, Tags, Text, warnings } from "../fields.ts"
import { cutAnswer } from "../cutAnswer.ts"
import { full, ShownTask } from "../LeanTask.ts"
import { ArtifactAnswer } from "../Artifact.ts"
import { operation } from "../Operation.ts"
import { lastLines, timedOut } from "../TaskAnswer.ts"

const { when, maxAttempts, delayMs, backoff, maxDelayMs, resetAfterMs } = RestartPolicy.fields

/** A restart policy whose fields have defaults. */
const RestartInput = Schema.Struct({
  when: optional(when, "which ends are followed by another attempt (default never)"),
  maxAttempts: optional(maxAttempts, "attempts in all, the first included (default 3)"),
  delayMs: optional(delayMs, "milliseconds before the second attempt (default 1000)"),
  backoff: optional(backoff, "how the delay grows (default exponential)"),
  maxDelayMs: optional(maxDelayMs, "the longest delay in milliseconds (default 60000)"),
  resetAfterMs: optional(resetAfterMs, "an attempt that lasts this long starts the count anew (default 60000)")
})

const StdinInput = Schema.Union([Text, Schema.Struct({ file: about(NonEmptyText, "path of a file to read") })])

/** Variables to be added to an environment. */
export const EnvInput = Schema.Record(Schema.String.check(Schema.isPattern(/^[^=\0]+$/u)), Text).annotate({
  messageUnexpectedKey: "the name of a variable is not empty and has no = and no NUL"
})

const DependsOn = Schema.Union([TaskId, Schema.Array(Schema.Union([TaskId, Dependency])).check(Schema.isMaxLength(100))])

/** What an agent is to be asked, and how. Goes with `prompt`. */
export const agentFields = {
  agent: optional(NonEmptyText.check(atMost(64)), "the agent that gets the prompt: claude, codex, gemini, opencode or a configured one (default: defaultAgent of the configuration)"),
  model: optional(NonEmptyText.check(atMost(200)), "the agent's model (default: its own)"),
  effort: optional(Effort, "how long the model thinks, as far as the agent has it"),
  systemPrompt: optional(NonEmptyText.check(atMost(100_000)), "instructions that are added to the agent's own"),
  permissionMode: optional(
    PermissionMode,
    "plan only reads, edit (default) changes files below cwd and runs commands as far as the agent allows that, full is without any check; not for a configured agent, whose own settings decide"
  ),
  maxTurns: optional(between(1, 100_000), "turns after which it ends, where the agent has such a cap"),
  maxCostUsd: optional(Schema.Finite.check(Schema.isBetween({ minimum: 0.0001, maximum: 100_000 })), "US dollars after which it ends, where the agent has such a cap"),
  outputSchema: optional(Schema.JsonObject, "a JSON Schema that result.structured has to fit, where the agent can do that")
}

/** The payload of `start`. Exactly one of `command`, `script` and `prompt` is given; the engine checks that. */
export const StartInput = Schema.Struct({
  id: optional(TaskId, "the task's id; made when absent"),
  name: optional(NonEmptyText.check(atMost(200)), "a name for people"),
  ifRunning: optional(
    Schema.Literals(["error", "return", "restart"]),
    "what to do when a task of this id lives: refuse (default), answer with it, or restart it with this payload"
  ),
  ifEnded: optional(
    Schema.Literals(["again", "return", "error"]),
    "what to do when a task of this id has ended: run it as another attempt with this payload (default; what another session left in another cwd only when given), answer with it, or refuse"
  ),
  command: optional(NonEmptyText, "the program to run, found on PATH; no shell is involved"),
  args: optional(Schema.Array(Text), "its arguments"),
  script: optional(NonEmptyText, "a script, instead of command; /bin/sh runs it, or the interpreter that its first line names (#!)"),
  prompt: optional(NonEmptyText.check(atMost(1_000_000)), "what an agent is to do, instead of command"),
  ...agentFields,
  cwd: optional(NonEmptyText, "working directory; the caller's when absent"),
  stdin: optional(
    StdinInput,
    'standard input: text, {"file": path}, or "open" for a pipe that send writes to; empty when absent'
  ),
  tags: optional(Tags, "labels to find the task by; at most 64 of 64 characters"),
  priority: optional(Priority, "P0 is most urgent; the order in its queue (default P2)"),
  queue: optional(TaskId, "the queue that admits it (default: agents for a prompt, otherwise default, which starts everything at once)"),
  dependsOn: optional(
    DependsOn,
    'tasks that must end first: one id or a list of ids (they must succeed), or {"task": id, "on": "success" | "failure" | "end"}; at most 100'
  ),
  continueFrom: optional(TaskId, "one of them, whose results are put before the prompt; added to dependsOn if it is not there"),
  env: optional(EnvInput, "variables added to the environment; their values are never shown"),
  inheritEnv: optional(Schema.Boolean, "whether it gets the caller's environment (default true)"),
  forgetEnv: optional(Schema.Boolean, "delete the kept environment when the task has ended; it cannot be restarted then"),
  notBefore: optional(Instant, "do not start before this instant (ISO 8601)"),
  delayMs: optional(between(0, 31_536_000_000), "do not start before this many milliseconds from now, or from when its dependencies hold"),
  timeout: optional(between(1000, 86_400_000), "milliseconds an attempt may run; then it fails with TimedOut (default: none, 1800000 for a prompt)"),
  stallTimeoutMs: optional(
    between(100, 86_400_000),
    "milliseconds without any output after which it fails with StalledOutput"
  ),
  stopSignal: optional(StopSignal, "the signal that asks it to end (default SIGTERM)"),
  gracePeriodMs: optional(between(0, 3_600_000), "milliseconds between that signal and SIGKILL (default 5000)"),
  successExitCodes: optional(
    Schema.Array(between(0, 255)).check(Schema.isMaxLength(256)),
    "exit codes that count as success (default [0])"
  ),
  restart: optional(RestartInput, "when an ended attempt is followed by another"),
  readyWhen: optional(ProbeInput, 'how it shows that it is ready: a URL, {"port": n}, or an object with http, tcp, command or log'),
  healthProbe: optional(HealthProbe, "how it shows that it is still healthy: http, tcp or command"),
  maxOutputBytes: optional(
    between(1024, 1_073_741_824),
    "bytes kept of each output stream; the oldest are dropped beyond it (default 1 GiB)"
  ),
  maxOutputBuffer: optional(between(1024, 1_073_741_824), "another name of maxOutputBytes"),
  notify: optional(Notify, "a shell command or webhook to call onEnd, onReady or onLog"),
  sessionId: optional(NonEmptyText.check(atMost(200)), "the session that owns it; read from the caller's environment when absent"),
  full
})
export type StartInput = typeof StartInput.Type

const found = {
  existing: optional(Schema.Boolean, "whether the task was there already and is answered as it is"),
  differs: optional(Schema.Array(Schema.String), "the fields in which the payload differs from that task"),
  alreadyEnded: optional(Schema.Boolean, "whether that task had ended"),
  warnings
}

/** Starts tasks. */
export const start = operation({
  name: "start",
  summary: "Start a command, a script or an agent's prompt in the background.",
  input: StartInput,
  output: Schema.Union([Schema.Struct({ task: ShownTask, lastLines, timedOut, ...found }), ArtifactAnswer]),
  cut: cutAnswer({ carried: true }),
  errors: ["CommandInputError", "TaskNotFound", "DependencyNotFound", "DependencyCycle", "AgentUnavailable", "TaskAlreadyRunning", "QuotaExceeded", "StoreError", "TaskWaitTimedOut", "IllegalTransition"],
  examples: [
    { title: "a command", payload: { id: "demo", command: "echo", args: ["hello"] } },
    { title: "a script", payload: { id: "greet", script: "for n in 1 2 3; do echo \"line $n\"; done" } },
    {
      title: "a server that is ready when its log says so, and is restarted when it fails",
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
      payload: { id: "fix", prompt: "Make the tests in src/parse.test.ts pass.", agent: "claude", timeout: 600_000 }
    },
    {
      title: "another agent that goes on from what the first one left",
      payload: { id: "review", prompt: "Review what was changed.", agent: "codex", permissionMode: "plan", continueFrom: "fix" }
    },
    {
      title: "a chain: each waits for the one before",
      payload: [
        { id: "build", command: "true" },
        { id: "test", command: "true", dependsOn: ["build"] },
        { id: "deploy", command: "true", dependsOn: ["test"] },
        { id: "report", command: "echo", args: ["over"], dependsOn: [{ task: "deploy", on: "end" }] }
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
  positional: null
})
