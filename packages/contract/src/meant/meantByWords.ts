/**
 * Finds what plain words after an operation mean: ids, a status, or a command with its arguments.
 */
import { isOperationName, type OperationName } from "../names.ts"
import { isShellLine } from "./shellLine.ts"

type Payload = Readonly<Record<string, unknown>>

/** The words, the fields of the operation, and whether it accepts an array. */
interface Typed {
  readonly words: ReadonlyArray<string>
  readonly fields: ReadonlyArray<string>
  readonly batch?: boolean
}

const idShape = /^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$/u
const statusShape =
  /^(?:blocked|queued|running|stopping|retrying|completed|failed|cancelled)(?:,|$)/u

const commandOf = ([first = "", ...rest]: ReadonlyArray<string>): Payload => {
  if (rest.length > 0) return { command: first, args: rest }
  return isShellLine(first) ? { script: first } : { command: first }
}

/** Whether words can be ids. */
export const areIds = (words: ReadonlyArray<string>): boolean =>
  words.every((word) => idShape.test(word))

/** Characters that a word of a sentence never has. */
const idMark = /[\d._:-]/u

/**
 * The words after an id may be further ids or a text, which is not always clear: `stop web
 * crashed`.
 */
const withText = (field: string, { words, fields }: Typed): Payload | null => {
  const [id = "", ...rest] = words
  if (rest.length === 0) return { id }
  if (fields.includes("ids") && areIds(words))
    return rest.every((word) => idMark.test(word)) ? { ids: words } : null
  return fields.includes(field) ? { id, [field]: rest.join(" ") } : null
}

const several = ({ words, fields, batch = false }: Typed): Payload | null => {
  const [id, ...rest] = words
  if (rest.length === 0) return { id }
  return (batch || fields.includes("ids")) && areIds(words) ? { ids: words } : null
}

type Meaning = (typed: Typed) => Payload | null

const meanings: { readonly [Name in OperationName]?: Meaning } = {
  start: ({ words }) => commandOf(words),
  list: ({ words }) => {
    const statuses = words.flatMap((word) => word.split(","))
    if (statuses.every((word) => statusShape.test(word)))
      return { status: statuses.length === 1 ? statuses[0] : statuses }
    return words.length > 1 ? { ids: words } : null
  },
  stop: (typed) => withText("reason", typed),
  restart: (typed) => withText("reason", typed),
  resume: (typed) => withText("additionalContext", typed),
  send: ({ words: [id, ...text] }) =>
    text.length === 0 ? null : { id, text: `${text.join(" ")}\n` },
  prune: ({ words, fields }) => (fields.includes("ids") ? { ids: words } : null),
  plan: ({ words }) => ({ payload: commandOf(words) }),
  "queue set": ({ words: [queue, concurrency, ...rest] }) =>
    rest.length === 0 && concurrency !== undefined
      ? { queue, concurrency: Number(concurrency) }
      : null,
  "pipeline create": ({ words }) => ({ steps: words.map((word) => commandOf([word])) })
}

/** The payload that plain words mean; null if they can mean nothing here. */
export const meantByWords = (operation: string, typed: Typed): Payload | null => {
  if (typed.words.length === 0) return {}
  const meaning = isOperationName(operation) ? meanings[operation] : undefined
  if (meaning !== undefined) return meaning(typed)
  return typed.fields.includes("id") ? several(typed) : null
}
