/** Corrects the flaws of a rejected payload, to find the payload that the caller meant. */
import * as Predicate from "effect/Predicate"
import { fieldMeant, findFlaws, type Flaw, type Path } from "../Flaw.ts"
import type { Operation } from "../Operation.ts"
import type { Try } from "../Problem.ts"
import type { Shape } from "../Shape.ts"
import { flagOf, type Sentence, sentence } from "../Text.ts"
import { asShell } from "./shellLine.ts"
import { mendValue } from "./mendValue.ts"
import { lengthOf } from "./units.ts"
import { flagMeantBy } from "./words.ts"

type Entries = Readonly<Record<string, unknown>>

/** A payload under correction. */
interface Draft {
  readonly payload: unknown
  readonly flags: NonNullable<Try["flags"]>
  readonly hints: ReadonlyArray<Sentence>
}

const isEntries = (value: unknown): value is Entries =>
  Predicate.isObject(value) && !Array.isArray(value)

const valueAt = (value: unknown, [key, ...rest]: Path): unknown => {
  if (key === undefined) return value
  if (Array.isArray(value)) return typeof key === "number" ? valueAt(value[key], rest) : undefined
  return isEntries(value) && Object.hasOwn(value, key) ? valueAt(value[key], rest) : undefined
}

/** A copy with another value at a path; undefined removes it. */
const changedAt = (
  value: unknown,
  [key, ...rest]: Path,
  change: (old: unknown) => unknown
): unknown => {
  if (key === undefined) return change(value)
  if (Array.isArray(value))
    return value.map((each: unknown, index) =>
      index === key ? changedAt(each, rest, change) : each
    )
  if (!isEntries(value)) return value
  const entries = Object.entries(value).map(
    ([name, each]) => [name, name === String(key) ? changedAt(each, rest, change) : each] as const
  )
  return Object.fromEntries(entries.filter(([, each]) => each !== undefined))
}

/** A copy in which a field has another name at the same place. */
const renamed = (
  value: unknown,
  path: Path,
  field: string,
  change: (old: unknown) => unknown
): unknown =>
  changedAt(value, path.slice(0, -1), (parent) =>
    isEntries(parent)
      ? Object.fromEntries(
          Object.entries(parent).map(([name, each]) =>
            name === String(path.at(-1)) ? [field, change(each)] : [name, each]
          )
        )
      : parent
  )

/** Names for a number of attempts that do not count the first one. */
const countsRetries: ReadonlySet<string> = new Set(["retry", "retries"])

/** A smaller number in a field without a unit in its name is in seconds. */
const delaySeconds = 100

/** How a new name changes the value. */
const meantAs = (key: string, field: string, value: unknown): unknown => {
  if (field === "restart" && isEntries(value) && !("when" in value))
    return { when: "on-failure", ...value }
  // Other tools do not count the first attempt.
  if (countsRetries.has(key) && typeof value === "number")
    return field === "maxAttempts" ? value + 1 : { when: "on-failure", maxAttempts: value + 1 }
  if (key === "timeoutSeconds" && typeof value === "number") return value * 1000
  if (key === "delay") return lengthOf(value, delaySeconds)?.ms ?? value
  return value
}

/** The object that a field belongs into; null if it would have to be invented. */
const holderFor = (key: string, name: string, given: unknown): Entries | null => {
  if (isEntries(given)) return key in given ? null : given
  if (name === "readyWhen" && Predicate.isString(given) && /^https?:/u.test(given))
    return { http: given }
  if (name !== "restart" || given !== undefined) return null
  if (key === "when") return {}
  return key === "maxAttempts" ? { when: "on-failure" } : null
}

/** A field that is outside of the object that it belongs to. */
const ofMisplaced = (draft: Draft, path: Path, names: ReadonlyArray<string>): Draft | null => {
  const key = String(path.at(-1))
  const parent = valueAt(draft.payload, path.slice(0, -1))
  if (!isEntries(parent)) return null
  const given = names.filter((name) => name in parent)
  const [name, ...others] = given.length > 0 ? given : names
  if (name === undefined || others.length > 0) return null
  const holder = holderFor(key, name, parent[name])
  if (holder === null) return null
  const { [key]: value, ...rest } = parent
  const payload = changedAt(draft.payload, path.slice(0, -1), () => ({
    ...rest,
    [name]: { ...holder, [key]: value }
  }))
  return { ...draft, payload }
}

const ofUnknown = (
  draft: Draft,
  { path, known, holders = [] }: Flaw,
  { flags }: Operation
): Draft | null => {
  const key = String(path.at(-1))
  const flag = path.length === 1 ? flagMeantBy(key, flags) : null
  const given = valueAt(draft.payload, path)
  if (flag !== null && (given === true || typeof given === "number")) {
    return {
      ...draft,
      payload: changedAt(draft.payload, path, () => undefined),
      flags: { ...draft.flags, [flag]: given },
      hints: [...draft.hints, sentence`${key} is a flag: use ${flagOf(flag)}.`]
    }
  }
  if (holders.length > 0) return ofMisplaced(draft, path, holders)
  const field = fieldMeant(key, known)
  const parent = valueAt(draft.payload, path.slice(0, -1))
  if (field === null || (isEntries(parent) && field in parent)) return null
  return {
    ...draft,
    payload: renamed(draft.payload, path, field, (old) => meantAs(key, field, old))
  }
}

/** The port of `{"tcp": 3000}`, and the arguments of a command given as a list. */
const ofShortForm = (draft: Draft, path: Path, value: unknown): Draft | null => {
  const field = path.at(-1)
  if (field === "tcp" && typeof value === "number")
    return { ...draft, payload: renamed(draft.payload, path, "port", (old) => old) }
  if (field !== "command" || !Array.isArray(value) || !value.every(Predicate.isString)) return null
  const [command, ...args] = value
  const payload = changedAt(draft.payload, path.slice(0, -1), (parent) =>
    isEntries(parent) && !("args" in parent) ? { ...parent, command, args } : parent
  )
  return { ...draft, payload }
}

const ofFlaw = (draft: Draft, flaw: Flaw, operation: Operation): Draft | null => {
  const { path, kind, shape } = flaw
  if (kind === "unknown") return ofUnknown(draft, flaw, operation)
  if (path.length === 0) return null
  const value = valueAt(draft.payload, path)
  const short = ofShortForm(draft, path, value)
  if (short !== null) return short
  // The caller chooses the names of variables.
  const field = path.at(-2) === "env" ? "" : String(path.at(-1))
  const meant = mendValue(shape, value, field)
  if (meant === null) return null
  const hints = meant.hint === undefined ? draft.hints : [...draft.hints, meant.hint]
  return { ...draft, payload: changedAt(draft.payload, path, () => meant.value), hints }
}

/** A new name or value may reveal another flaw. */
const rounds = 4
/** A payload with more flaws is something else. */
const flawsMax = 8
/** A longer payload is too long to be suggested. */
const charactersMax = 2000

/** The corrected payload; null if a flaw cannot be corrected without inventing something. */
export const mendPayload = (operation: Operation, shape: Shape, payload: unknown): Draft | null => {
  if (JSON.stringify(payload).length > charactersMax) return null
  let draft: Draft = { payload, flags: {}, hints: [] }
  for (let round = 0; round < rounds; round++) {
    const all = findFlaws(shape, draft.payload, [])
    if (all.length === 0) return { ...draft, payload: asShell(draft.payload) }
    // A missing field may be present under another name.
    const flaws = all
      .filter(({ kind }) => kind !== "missing")
      // The target of a field may have to be corrected first.
      .toSorted((one, other) => (one.holders?.length ?? 0) - (other.holders?.length ?? 0))
    if (flaws.length === 0 || flaws.length > flawsMax) return null
    for (const flaw of flaws) {
      const next = ofFlaw(draft, flaw, operation)
      if (next === null) return null
      draft = next
    }
  }
  return null
}
