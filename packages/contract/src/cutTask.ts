/** Cuts a task to what says something. Pure: the whole task goes in. */
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

/** Who reads an answer, and what its call has said and done. */
export interface Reader extends Reading {
  /** The call said what the task runs. */
  readonly carried: boolean
}

type Present<T> = { readonly [Key in keyof T]?: Exclude<T[Key], null | undefined> }

/** Whether a value says something: it is neither null nor empty. */
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

/** A text in one line of so many characters, the last of them `…` when something was cut. */
export const oneLine = (text: string, maxCharacters: number): string => {
  // What is cut off anyway is not searched: a prompt has up to a megabyte.
  const line = text
    .slice(0, maxCharacters * 8)
    .replaceAll(/\s+/gu, " ")
    .trim()
  const characters = [...line]
  if (characters.length <= maxCharacters && text.length <= maxCharacters * 8) return line
  return `${characters.slice(0, maxCharacters - 1).join("")}…`
}

type Works = Pick<BriefTask, "command" | "args" | "script" | "prompt">

/** What a task runs, in one line. */
export const whatOf = ({ command, args, script, prompt }: Works): string =>
  oneLine(prompt ?? script ?? [command ?? "", ...args].join(" "), whatMaxCharacters)

/** A failure that only repeats the exit code says nothing. */
const failureOf = ({ failure }: BriefTask): BriefTask["failure"] =>
  failure?.type === "ExitedNonZero" ? null : failure

const instantsOf = ({ startedAt, endedAt }: BriefTask, { waited }: Reader) => {
  if (waited) return {}
  return present(endedAt === null ? { startedAt } : { endedAt })
}

/** US dollars to a millionth: sums of floating point have digits that say nothing. */
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

/** The first of the processes that were ended, and how many more there were. */
export const cutEnded = (ended: ReadonlyArray<string>, more: number) => ({
  ended: ended.slice(0, endedShown),
  endedMore: more + Math.max(0, ended.length - endedShown)
})

/** Nobody asked for the stop that a limit makes: who reads of it wants to know what was alive. */
const endedOf = ({ status, ended, endedMore, freedPorts }: TaskAnswer) => {
  if (status !== "failed" && status !== "retrying") return {}
  const cut = cutEnded(ended, endedMore)
  return { ended: cut.ended, endedMore: cut.endedMore === 0 ? null : cut.endedMore, freedPorts }
}

const usualQueue = ({ kind }: TaskAnswer): string =>
  kind === "prompt" ? agentsQueue : defaultQueue

/** Who cancelled, and why, as far as the reader does not know it: its own call is known, and that its session made it is. */
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

/** A text of at most so many characters, the last of them `…` when something was cut. */
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

/** A task by itself. */
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

/** Every field of a task, with its long texts cut: in a list one task must not hide the others. */
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
