/**
 * Rules between the fields of a payload that no schema states. A call that violates them is not
 * suggested; the engine rejects it with its own message.
 */
import * as Predicate from "effect/Predicate"
import { isOperationName, type OperationName } from "../names.ts"
import { agentFields } from "../operation/start.ts"

type Entries = Readonly<Record<string, unknown>>
type Rule = (payload: Entries, flags: Entries) => boolean

const count = (payload: Entries, fields: ReadonlyArray<string>): number =>
  fields.filter((field) => payload[field] !== undefined && payload[field] !== false).length

const oneOf =
  (...fields: ReadonlyArray<string>): Rule =>
  (payload) =>
    count(payload, fields) === 1

const atMostOneOf =
  (...fields: ReadonlyArray<string>): Rule =>
  (payload) =>
    count(payload, fields) <= 1

/** These fields require one of those. */
const requires =
  (fields: ReadonlyArray<string>, ...needed: ReadonlyArray<string>): Rule =>
  (payload) =>
    count(payload, fields) === 0 || count(payload, needed) > 0

const compiles = (pattern: unknown): boolean => {
  try {
    return typeof pattern !== "string" || new RegExp(pattern, "").source !== ""
  } catch {
    return false
  }
}

const pattern =
  (field: string): Rule =>
  (payload) =>
    compiles(payload[field])

const isCursor = (value: unknown): boolean =>
  value === undefined ||
  (typeof value === "string" && /^c[1-9][0-9]{0,8}-[0-9]{1,15}-[0-9]{1,15}$/u.test(value))

const cursor: Rule = ({ since }) => isCursor(since)

const logOf = (value: unknown): unknown =>
  Predicate.isObject(value) && "log" in value ? value.log : undefined

const ofPrompts = [...Object.keys(agentFields), "continueFrom"]

const notify: Rule = ({ notify: given }) =>
  !Predicate.isObject(given) || "command" in given || "webhook" in given

/** A host without a scheme is not rejected here: the engine suggests the URL. */
const url: Rule = ({ readyWhen, healthProbe }) =>
  [readyWhen, healthProbe].every(
    (probe) =>
      !Predicate.isObject(probe) ||
      !("http" in probe) ||
      (URL.canParse(String(probe.http)) && /^https?:/u.test(String(probe.http)))
  )

const task: ReadonlyArray<Rule> = [
  oneOf("command", "script", "prompt"),
  requires(ofPrompts, "prompt"),
  requires(["args"], "command"),
  (payload) => count(payload, ["prompt"]) === 0 || count(payload, ["stdin", "args"]) === 0,
  atMostOneOf("maxOutputBytes", "maxOutputBuffer"),
  atMostOneOf("notBefore", "delayMs"),
  ({ readyWhen }) => compiles(logOf(readyWhen)),
  notify,
  url
]

const isEntries = (value: unknown): value is Entries =>
  Predicate.isObject(value) && !Array.isArray(value)

const tasksOf = ({ steps, tasks }: Entries): ReadonlyArray<unknown> =>
  [steps, tasks].flatMap((each): ReadonlyArray<unknown> => (Array.isArray(each) ? each : []))

/** Agent, model and system prompt may also be those of the whole pipeline. */
const tasksFit: Rule = (payload) =>
  tasksOf(payload).every((each) => !isEntries(each) || task.every((rule) => rule(each, {})))

const promptsFit: Rule = (payload) =>
  count(payload, ["agent", "model", "systemPrompt"]) === 0 ||
  tasksOf(payload).some((each) => isEntries(each) && each["prompt"] !== undefined)

const streams =
  (...fields: ReadonlyArray<string>): Rule =>
  (payload, flags) =>
    count(flags, ["stream", "follow"]) > 0 || count(payload, fields) === 0

const rules: { readonly [Name in OperationName]?: ReadonlyArray<Rule> } = {
  start: task,
  "pipeline create": [oneOf("steps", "tasks"), promptsFit, tasksFit],
  wait: [
    oneOf("id", "ids", "tag", "pipelineId", "loopId", "mine"),
    ({ id, for: what, since }) =>
      since === undefined || (id !== undefined && logOf(what) !== undefined),
    ({ for: what }) => compiles(logOf(what)),
    cursor
  ],
  stop: [oneOf("id", "ids", "tag", "mine")],
  restart: [oneOf("id", "ids", "tag")],
  prune: [atMostOneOf("ids", "tag", "mine")],
  list: [atMostOneOf("sessionId", "mine")],
  logs: [
    oneOf("id", "ids", "tag"),
    requires(["since", "attempt"], "id"),
    requires(["context"], "grep"),
    (payload) => count(payload, ["context"]) === 0 || count(payload, ["follow"]) === 0,
    pattern("grep"),
    pattern("until"),
    streams("follow", "until", "count"),
    cursor
  ],
  send: [
    ({ text, eof, signal }) => text !== undefined || eof === true || signal !== undefined,
    atMostOneOf("until", "quietMs"),
    pattern("until")
  ],
  events: [requires(["lines"], "id", "ids", "pipelineId"), streams("follow", "lines")]
}

/**
 * Whether the fields of a decoded payload fit together. Items of an array are checked one by one.
 */
export const fitsTogether = (
  operation: string,
  payload: unknown,
  flags: Readonly<Record<string, unknown>> = {}
): boolean => {
  if (Array.isArray(payload)) return payload.every((item) => fitsTogether(operation, item, flags))
  const its = isOperationName(operation) ? rules[operation] : undefined
  return its === undefined || !isEntries(payload) || its.every((rule) => rule(payload, flags))
}
