/** From the payload of `start` to a task's specification: defaults, cross-field rules, and the environment beside it. */
import { type Problem, withChange } from "@backbeat/contract/Problem"
import type { StartInput } from "@backbeat/contract/operation/start"
import { defaultRestartPolicy } from "@backbeat/core/task/RestartPolicy"
import type { ProcessLimits, Stdin, TaskSpec, Work } from "@backbeat/core/task/TaskSpec"
import * as Result from "effect/Result"
import { isAbsolute, resolve } from "node:path"
import type { Configuration } from "../configuration/configuration.ts"
import { compilePattern } from "../output/Pattern.ts"
import { inheritEnvironment, type Variables } from "../home/TaskEnvironment.ts"
import { agentTimeoutMs, agentWorkOf, strayAgentField } from "./agentWork.ts"
import { dependenciesOf } from "./dependencies.ts"
import { dependsOnOf, probeOf } from "./shortForms.ts"
import { wrongField } from "../call/wrongField.ts"

/** What `start` needs to know beside the payload. `now` is epoch milliseconds. */
export interface Setting {
  readonly cwd: string
  /** The file mode mask of the caller, which its tasks get too. */
  readonly umask: number
  /** The caller's limits and priority, where the engine has others. */
  readonly processLimits: ProcessLimits | null
  readonly callersEnv: Variables
  readonly config: Configuration
  /** Who set a limit of the configuration; null when nobody did. */
  readonly originOf: (key: "timeout" | "maxOutputBytes") => string | null
  readonly now: number
}

/** A specification with the environment that is kept for it. */
export interface Specified {
  readonly spec: TaskSpec
  readonly env: Variables
}

const refuse = (path: string, message: string, hint: string): Result.Result<never, Problem> =>
  Result.fail(wrongField(path, message, hint))

const oneOf = "Use exactly one of command, script and prompt."

const workOf = (input: StartInput, config: Configuration): Result.Result<Work, Problem> => {
  const { command, script, args, prompt } = input
  const given = Object.entries({ command, script, prompt }).filter(
    ([, value]) => value !== undefined
  )
  const [first, second] = given.map(([name]) => name)
  if (second !== undefined) return refuse(second, `cannot be combined with ${first}`, oneOf)
  if (prompt !== undefined) return agentWorkOf(input, prompt, config)
  const stray = strayAgentField(input)
  if (first === undefined) return refuse(stray === null ? "command" : "prompt", "is missing", oneOf)
  if (stray !== null) return Result.fail(stray)
  if (command !== undefined) return Result.succeed({ kind: "command", command, args: args ?? [] })
  if (args !== undefined)
    return refuse(
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

/** A path of a payload: there no shell has expanded what stands for the caller's home directory. */
const withHome = (path: string, home: string | undefined): string =>
  (path === "~" || path.startsWith("~/")) && home !== undefined && isAbsolute(home)
    ? `${home}${path.slice(1)}`
    : path

/** The working directory of the task. */
const cwdOf = (input: StartInput, { cwd, callersEnv }: Setting): Result.Result<string, Problem> => {
  const given = withHome(input.cwd ?? ".", callersEnv["HOME"])
  return isAbsolute(given) || isAbsolute(cwd)
    ? Result.succeed(resolve(cwd, given))
    : refuse(
        "cwd",
        "the caller's working directory was deleted",
        "Use an absolute cwd, or call from a directory that exists."
      )
}

/** A delay counts from now on; behind dependencies from the moment at which they hold. */
const delaysDependent = (input: StartInput): boolean =>
  (input.delayMs ?? 0) > 0 && (input.continueFrom !== undefined || dependsOnOf(input).length > 0)

const notBeforeOf = (input: StartInput, now: number): Result.Result<number | null, Problem> => {
  const { notBefore, delayMs } = input
  if (notBefore === undefined)
    return Result.succeed(
      delayMs === undefined || delayMs === 0 || delaysDependent(input) ? null : now + delayMs
    )
  if (delayMs !== undefined) {
    return refuse("delayMs", "cannot be combined with notBefore", "Use exactly one of them.")
  }
  const at = Date.parse(notBefore)
  return Number.isNaN(at)
    ? refuse(
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

const checked = (input: StartInput): Result.Result<void, Problem> => {
  for (const [path, pattern] of patternsOf(input)) {
    const compiled = compilePattern(pattern)
    if (Result.isFailure(compiled))
      return refuse(path, compiled.failure.message, compiled.failure.hint)
  }
  for (const [path, url] of urlsOf(input)) {
    if (!URL.canParse(url) || !/^https?:/u.test(url)) {
      const told = wrongField(
        path,
        "must be an http:// or https:// URL",
        "Use a URL such as http://127.0.0.1:3000/health."
      )
      return Result.fail(
        /^[\w.-]+(?::\d+)?(?:\/|$)/u.test(url)
          ? withChange(told, { [path]: `http://${url}` })
          : told
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
    return refuse(
      "notify",
      "requires a command or a webhook",
      "Add notify.command or notify.webhook."
    )
  }
  return Result.succeed(undefined)
}

/** The specification and the environment of a payload. Fails with CommandInputError that names the field. */
export const specify = (input: StartInput, setting: Setting): Result.Result<Specified, Problem> =>
  Result.gen(function* () {
    yield* checked(input)
    const work = yield* workOf(input, setting.config)
    const notBefore = yield* notBeforeOf(input, setting.now)
    const dependsOn = yield* dependenciesOf(input)
    const cwd = yield* cwdOf(input, setting)
    const given = input.env ?? {}
    const env = input.inheritEnv === false ? given : inheritEnvironment(setting.callersEnv, given)
    return {
      env,
      spec: {
        work,
        notBefore,
        delayMs: delaysDependent(input) ? (input.delayMs ?? null) : null,
        dependsOn,
        cwd,
        umask: setting.umask,
        ...(setting.processLimits === null ? {} : { processLimits: setting.processLimits }),
        ...stopping(input),
        ...watching(input, setting),
        ...naming(input, cwd, setting.callersEnv["HOME"])
      }
    }
  })

const naming = (input: StartInput, cwd: string, home: string | undefined) => ({
  name: input.name ?? null,
  envKeys: Object.keys(input.env ?? {}).toSorted(),
  forgetEnv: input.forgetEnv ?? false,
  stdin: stdinOf(input.stdin, cwd, home),
  tags: [...new Set(input.tags ?? [])],
  priority: input.priority ?? "P2",
  queue: input.queue ?? (input.prompt === undefined ? "default" : "agents")
})

const stopping = (input: StartInput) => ({
  stopSignal: input.stopSignal ?? "SIGTERM",
  gracePeriodMs: input.gracePeriodMs ?? 5000,
  successExitCodes: input.successExitCodes ?? [0],
  restart: { ...defaultRestartPolicy, ...input.restart }
})

/** How long an attempt may run, and who says so where the caller does not. */
const timeoutOf = (
  { prompt, timeout }: StartInput,
  { config, originOf }: Setting
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

/** How much output is kept, and who says so where the caller does not. */
const outputLimitOf = (
  { maxOutputBytes, maxOutputBuffer }: StartInput,
  { config, originOf }: Setting
): Pick<TaskSpec, "maxOutputBytes" | "maxOutputBytesFrom"> => {
  const given = maxOutputBytes ?? maxOutputBuffer
  if (given !== undefined) return { maxOutputBytes: given }
  const from = originOf("maxOutputBytes")
  return {
    maxOutputBytes: config.maxOutputBytes,
    ...(from === null ? {} : { maxOutputBytesFrom: from })
  }
}

const watching = (input: StartInput, setting: Setting) => ({
  ...timeoutOf(input, setting),
  stallTimeoutMs: input.stallTimeoutMs ?? null,
  readyWhen: input.readyWhen === undefined ? null : probeOf(input.readyWhen),
  healthProbe: input.healthProbe ?? null,
  ...outputLimitOf(input, setting),
  notify: input.notify ?? null
})
