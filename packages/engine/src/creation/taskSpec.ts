/**
 * Converts a payload of `start` into a task's specification: applies defaults, checks fields
 * against each other, and builds the environment.
 */
import { type Problem, withChange } from "@backbeat/contract/Problem"
import type { StartInput } from "@backbeat/contract/operation/start"
import { defaultRestartPolicy } from "@backbeat/core/task/RestartPolicy"
import type { ProcessLimits, Stdin, TaskSpec, Work } from "@backbeat/core/task/TaskSpec"
import * as Result from "effect/Result"
import { isAbsolute, resolve } from "node:path"
import type { Configuration } from "../configuration/configuration.ts"
import { compilePattern } from "../output/Pattern.ts"
import { inheritEnvironment, type Variables } from "../home/TaskEnvironment.ts"
import { agentTimeoutMs, agentWorkOf, misplacedAgentField } from "./agentWork.ts"
import { dependenciesOf } from "./dependencies.ts"
import { dependsOnOf, probeOf } from "./shortForms.ts"
import { wrongField } from "../call/wrongField.ts"

/** What a payload does not contain. `now` is epoch milliseconds. */
export interface SpecContext {
  readonly cwd: string
  /** The umask of the caller, which its tasks inherit. */
  readonly umask: number
  /** The caller's limits and nice value, if they differ from the engine's. */
  readonly processLimits: ProcessLimits | null
  readonly callersEnv: Variables
  readonly config: Configuration
  /** Where a limit of the configuration is set; null if it has its default. */
  readonly originOf: (key: "timeout" | "maxOutputBytes") => string | null
  readonly now: number
}

/** A specification, and the environment to store for it. */
export interface SpecWithEnvironment {
  readonly spec: TaskSpec
  readonly env: Variables
}

const reject = (path: string, message: string, hint: string): Result.Result<never, Problem> =>
  Result.fail(wrongField(path, message, hint))

const oneOf = "Use exactly one of command, script and prompt."

const workOf = (input: StartInput, config: Configuration): Result.Result<Work, Problem> => {
  const { command, script, args, prompt } = input
  const given = Object.entries({ command, script, prompt }).filter(
    ([, value]) => value !== undefined
  )
  const [first, second] = given.map(([name]) => name)
  if (second !== undefined) return reject(second, `cannot be combined with ${first}`, oneOf)
  if (prompt !== undefined) return agentWorkOf(input, prompt, config)
  const misplaced = misplacedAgentField(input)
  if (first === undefined)
    return reject(misplaced === null ? "command" : "prompt", "is missing", oneOf)
  if (misplaced !== null) return Result.fail(misplaced)
  if (command !== undefined) return Result.succeed({ kind: "command", command, args: args ?? [] })
  if (args !== undefined)
    return reject(
      "args",
      "requires command; a script takes no args",
      "Write the arguments into the script."
    )
  return Result.succeed({ kind: "script", script: script ?? "" })
}

const stdinOf = (stdin: StartInput["stdin"], cwd: string, home: string | undefined): Stdin => {
  if (stdin === undefined) return { kind: "null" }
  if (stdin === "open") return { kind: "open" }
  if (typeof stdin === "string") return { kind: "text", text: stdin }
  return { kind: "file", path: resolve(cwd, withHome(stdin.file, home)) }
}

/** Expands `~` in a path of a payload, because no shell has done it. */
const withHome = (path: string, home: string | undefined): string =>
  (path === "~" || path.startsWith("~/")) && home !== undefined && isAbsolute(home)
    ? `${home}${path.slice(1)}`
    : path

/** The working directory of the task. */
const cwdOf = (
  input: StartInput,
  { cwd, callersEnv }: SpecContext
): Result.Result<string, Problem> => {
  const given = withHome(input.cwd ?? ".", callersEnv["HOME"])
  return isAbsolute(given) || isAbsolute(cwd)
    ? Result.succeed(resolve(cwd, given))
    : reject(
        "cwd",
        "the caller's working directory was deleted",
        "Use an absolute cwd, or call from a directory that exists."
      )
}

/**
 * A delay counts from now, or if there are dependencies from the moment when they are satisfied.
 */
const delaysDependent = (input: StartInput): boolean =>
  (input.delayMs ?? 0) > 0 && (input.continueFrom !== undefined || dependsOnOf(input).length > 0)

const notBeforeOf = (input: StartInput, now: number): Result.Result<number | null, Problem> => {
  const { notBefore, delayMs } = input
  if (notBefore === undefined)
    return Result.succeed(
      delayMs === undefined || delayMs === 0 || delaysDependent(input) ? null : now + delayMs
    )
  if (delayMs !== undefined) {
    return reject("delayMs", "cannot be combined with notBefore", "Use exactly one of them.")
  }
  const at = Date.parse(notBefore)
  return Number.isNaN(at)
    ? reject(
        "notBefore",
        "is not a valid date",
        "Use an ISO 8601 instant such as 2026-11-21T08:00:00.000Z."
      )
    : Result.succeed(at > now ? at : null)
}

const patternsOf = (input: StartInput): ReadonlyArray<readonly [string, string]> => {
  const ready =
    typeof input.readyWhen === "object" && "log" in input.readyWhen
      ? input.readyWhen.log
      : undefined
  const onLog = input.notify?.onLog
  return [
    ...(ready === undefined ? [] : [["readyWhen.log", ready] as const]),
    ...(onLog === undefined ? [] : [["notify.onLog", onLog] as const])
  ]
}

const urlsOf = (input: StartInput): ReadonlyArray<readonly [string, string]> =>
  (
    [
      ["readyWhen", input.readyWhen],
      ["healthProbe", input.healthProbe]
    ] as const
  ).flatMap(([path, probe]): ReadonlyArray<readonly [string, string]> => {
    if (typeof probe === "string") return [[path, probe]]
    return probe !== undefined && "http" in probe ? [[`${path}.http`, probe.http]] : []
  })

const checkFields = (input: StartInput): Result.Result<void, Problem> => {
  for (const [path, pattern] of patternsOf(input)) {
    const compiled = compilePattern(pattern)
    if (Result.isFailure(compiled))
      return reject(path, compiled.failure.message, compiled.failure.hint)
  }
  for (const [path, url] of urlsOf(input)) {
    if (!URL.canParse(url) || !/^https?:/u.test(url)) {
      const rejection = wrongField(
        path,
        "must be an http:// or https:// URL",
        "Use a URL such as http://127.0.0.1:3000/health."
      )
      return Result.fail(
        /^[\w.-]+(?::\d+)?(?:\/|$)/u.test(url)
          ? withChange(rejection, { [path]: `http://${url}` })
          : rejection
      )
    }
  }
  if (input.maxOutputBytes !== undefined && input.maxOutputBuffer !== undefined) {
    return Result.fail(
      withChange(
        wrongField(
          "maxOutputBuffer",
          "is another name for maxOutputBytes, which is also set",
          "Use exactly one of them."
        ),
        { maxOutputBuffer: undefined }
      )
    )
  }
  const { notify } = input
  if (notify !== undefined && notify.command === undefined && notify.webhook === undefined) {
    return reject(
      "notify",
      "requires a command or a webhook",
      "Add notify.command or notify.webhook."
    )
  }
  return Result.succeed(undefined)
}

/**
 * The specification and environment of a payload. Fails with CommandInputError that names the
 * field.
 */
export const specify = (
  input: StartInput,
  context: SpecContext
): Result.Result<SpecWithEnvironment, Problem> =>
  Result.gen(function* () {
    yield* checkFields(input)
    const work = yield* workOf(input, context.config)
    const notBefore = yield* notBeforeOf(input, context.now)
    const dependsOn = yield* dependenciesOf(input)
    const cwd = yield* cwdOf(input, context)
    const given = input.env ?? {}
    const env = input.inheritEnv === false ? given : inheritEnvironment(context.callersEnv, given)
    return {
      env,
      spec: {
        work,
        notBefore,
        delayMs: delaysDependent(input) ? (input.delayMs ?? null) : null,
        dependsOn,
        cwd,
        umask: context.umask,
        ...(context.processLimits === null ? {} : { processLimits: context.processLimits }),
        ...stopFields(input),
        ...limitFields(input, context),
        ...otherFields(input, cwd, context.callersEnv["HOME"])
      }
    }
  })

const otherFields = (input: StartInput, cwd: string, home: string | undefined) => ({
  name: input.name ?? null,
  envKeys: Object.keys(input.env ?? {}).toSorted(),
  forgetEnv: input.forgetEnv ?? false,
  stdin: stdinOf(input.stdin, cwd, home),
  tags: [...new Set(input.tags ?? [])],
  priority: input.priority ?? "P2",
  queue: input.queue ?? (input.prompt === undefined ? "default" : "agents")
})

const stopFields = (input: StartInput) => ({
  stopSignal: input.stopSignal ?? "SIGTERM",
  gracePeriodMs: input.gracePeriodMs ?? 5000,
  successExitCodes: input.successExitCodes ?? [0],
  restart: { ...defaultRestartPolicy, ...input.restart }
})

/** How long an attempt may run, and where the limit comes from if not from the payload. */
const timeoutOf = (
  { prompt, timeout }: StartInput,
  { config, originOf }: SpecContext
): Pick<TaskSpec, "timeout" | "timeoutFrom"> => {
  if (timeout !== undefined) return { timeout }
  if (config.timeout !== null) {
    const from = originOf("timeout")
    return { timeout: config.timeout, ...(from === null ? {} : { timeoutFrom: from }) }
  }
  return prompt === undefined
    ? { timeout: null }
    : { timeout: agentTimeoutMs, timeoutFrom: "the default for prompts" }
}

/** How much output is kept, and where the limit comes from if not from the payload. */
const outputLimitOf = (
  { maxOutputBytes, maxOutputBuffer }: StartInput,
  { config, originOf }: SpecContext
): Pick<TaskSpec, "maxOutputBytes" | "maxOutputBytesFrom"> => {
  const given = maxOutputBytes ?? maxOutputBuffer
  if (given !== undefined) return { maxOutputBytes: given }
  const from = originOf("maxOutputBytes")
  return {
    maxOutputBytes: config.maxOutputBytes,
    ...(from === null ? {} : { maxOutputBytesFrom: from })
  }
}

const limitFields = (input: StartInput, context: SpecContext) => ({
  ...timeoutOf(input, context),
  stallTimeoutMs: input.stallTimeoutMs ?? null,
  readyWhen: input.readyWhen === undefined ? null : probeOf(input.readyWhen),
  healthProbe: input.healthProbe ?? null,
  ...outputLimitOf(input, context),
  notify: input.notify ?? null
})
