/** Removes fields without information from a task. Pure; the input is the complete task. */
import { agentsQueue, defaultQueue } from "@backbeat/core/queue/queueNames"
import { isFinal } from "@backbeat/core/task/TaskState"
import {
  endedShown,
  type LeanBriefTask,
  type LeanTask,
  resultMaxCharacters,
  type ShownTask,
  whatMaxCharacters
} from "./LeanTask.ts"
import type { Reading } from "./Operation.ts"
import type { BriefTask, TaskAnswer } from "./TaskAnswer.ts"

/** The reader of an answer, and what its call contained and did. */
export interface Reader extends Reading {
  /** The call said what the task runs. */
  readonly carried: boolean
}

type Present<T> = { readonly [Key in keyof T]?: Exclude<T[Key], null | undefined> }

/** Whether a value is neither null nor empty. */
export const isPresent = (value: unknown): boolean =>
  value !== null &&
  value !== undefined &&
  value !== "" &&
  !(Array.isArray(value) && value.length === 0)

/** The fields that are neither null nor empty. */
export function present<T extends object>(fields: T): Present<T>
export function present(fields: object): object {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => isPresent(value)))
}

/** A text in one line of at most so many characters; ends with `…` if it was cut. */
export const oneLine = (text: string, maxCharacters: number): string => {
  // Only the beginning is searched, because a prompt may have a megabyte.
  const line = text
    .slice(0, maxCharacters * 8)
    .replaceAll(/\s+/gu, " ")
    .trim()
  const characters = [...line]
  if (characters.length <= maxCharacters && text.length <= maxCharacters * 8) return line
  return `${characters.slice(0, maxCharacters - 1).join("")}…`
}

type Works = Pick<BriefTask, "command" | "args" | "script" | "prompt">

/** The work of a task in one line. */
export const whatOf = ({ command, args, script, prompt }: Works): string =>
  oneLine(prompt ?? script ?? [command ?? "", ...args].join(" "), whatMaxCharacters)

/** A failure that only repeats the exit code is left out. */
const failureOf = ({ failure }: BriefTask): BriefTask["failure"] =>
  failure?.type === "ExitedNonZero" ? null : failure

const instantsOf = ({ startedAt, endedAt }: BriefTask, { waited }: Reader) => {
  if (waited) return {}
  return present(endedAt === null ? { startedAt } : { endedAt })
}

/** US dollars rounded to a millionth, because floating point sums have meaningless digits. */
const roundUsd = (usd: BriefTask["costUsd"]): BriefTask["costUsd"] =>
  usd === null ? null : Math.round(usd * 1e6) / 1e6

/** A task for a list. */
export const cutBriefTask = (task: BriefTask, reader: Reader): LeanBriefTask => ({
  id: task.id,
  ...present({ name: task.name }),
  status: task.status,
  ...present({
    health: task.health,
    what: reader.carried ? null : whatOf(task),
    agent: task.agent,
    attempt: task.attempt > 1 ? task.attempt : null,
    exitCode: task.exitCode,
    failure: failureOf(task)
  }),
  ...instantsOf(task, reader),
  ...present({
    durationMs: task.durationMs,
    costUsd: roundUsd(task.costUsd),
    lastLines: task.lastLines,
    memoryBytes: task.memoryBytes,
    client: task.owner.client === reader.client ? null : task.owner.client
  })
})

/** The first of the ended processes, and how many more. */
export const cutEnded = (ended: ReadonlyArray<string>, more: number) => ({
  ended: ended.slice(0, endedShown),
  endedMore: more + Math.max(0, ended.length - endedShown)
})

/** A stop by a limit was requested by nobody, so its ended processes are shown. */
const endedOf = ({ status, ended, endedMore, freedPorts }: TaskAnswer) => {
  if (status !== "failed" && status !== "retrying") return {}
  const cut = cutEnded(ended, endedMore)
  return { ended: cut.ended, endedMore: cut.endedMore === 0 ? null : cut.endedMore, freedPorts }
}

const usualQueue = ({ kind }: TaskAnswer): string =>
  kind === "prompt" ? agentsQueue : defaultQueue

/** Who cancelled and why, as far as the reader does not know it from its own call or session. */
export const cutCancelled = (
  { by, reason }: NonNullable<TaskAnswer["cancelled"]>,
  reader: Reading
) => {
  if (by.kind !== "caller") return { by, ...present({ reason }) }
  if (by.pid === reader.pid) return null
  if (by.sessionId === reader.sessionId) return reason === null ? null : { reason }
  const { kind, client, sessionId } = by
  return { by: { kind, ...present({ client, sessionId }) }, ...present({ reason }) }
}

/** A text of at most so many characters; ends with `…` if it was cut. */
export const cutText = (text: string, maxCharacters: number): string =>
  text.length > maxCharacters
    ? `${text.slice(0, maxCharacters - 1).replace(/[\ud800-\udbff]$/u, "")}…`
    : text

const resultOf = (result: TaskAnswer["result"]) => {
  if (result === null) return null
  const { text, isError, structured, denied, deniedMore, allowedBy } = result
  const shown = cutText(text, resultMaxCharacters)
  const textBytes = shown === text ? null : new TextEncoder().encode(text).length
  return present({
    text: shown,
    textBytes,
    isError: isError || null,
    structured,
    denied,
    deniedMore,
    allowedBy
  })
}

const lastEndOf = ({ lastEnd }: TaskAnswer) => {
  if (lastEnd === null) return null
  const { result = null, ...end } = lastEnd
  return { ...end, ...present({ result: resultOf(result) }) }
}

/** A single task. */
export const cutTask = (task: TaskAnswer, reader: Reader): LeanTask => ({
  ...cutBriefTask(task, reader),
  ...present({
    pid: task.pid,
    queue: task.queue === usualQueue(task) ? null : task.queue,
    priority: task.priority === "P2" ? null : task.priority,
    cwd: reader.carried || task.cwd === reader.cwd ? null : task.cwd,
    waitsFor: task.waitsFor,
    notBefore: isFinal(task.status) ? null : task.notBefore,
    retryAt: task.retryAt,
    cancelled: task.cancelled === null ? null : cutCancelled(task.cancelled, reader),
    ...endedOf(task),
    result: resultOf(task.result),
    lastEnd: lastEndOf(task)
  })
})

const cutOrNull = (text: string | null): string | null =>
  text === null ? null : cutText(text, whatMaxCharacters)

/**
 * Every field of a task with long texts cut, so that one task does not hide the others of a list.
 */
export const withShortTexts = (task: TaskAnswer): TaskAnswer => ({
  ...task,
  args: task.args.map((each) => cutText(each, whatMaxCharacters)),
  script: cutOrNull(task.script),
  prompt: cutOrNull(task.prompt),
  systemPrompt: cutOrNull(task.systemPrompt),
  additionalContext: cutOrNull(task.additionalContext),
  result:
    task.result === null
      ? null
      : { ...task.result, text: cutText(task.result.text, resultMaxCharacters) }
})

/** Whether every field is there. */
export const isWhole = (
  task: ShownTask | { readonly id: string; readonly status: string }
): task is TaskAnswer => "logs" in task
