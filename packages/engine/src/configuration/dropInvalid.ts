/** Drops invalid parts of a configuration value and reports them. The rest stays. */
import { builtIn } from "@backbeat/agents/agents"
import { messagesOf, showPath } from "@backbeat/contract/decodePayload"
import { findFlaws, type Flaw, type Path } from "@backbeat/contract/Flaw"
import { Shape } from "@backbeat/contract/Shape"
import * as Predicate from "effect/Predicate"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"

/** An invalid part: `path` is where it is, `at` what is dropped because of it. */
export interface ConfigurationFlaw {
  readonly at: Path
  readonly path: string
  readonly kind: Flaw["kind"]
  readonly message: string
}

/** How many characters of a value a message shows. */
const shownCharacters = 64

/** Shortens a value for a message. */
export const shorten = (text: string): string =>
  text.length > shownCharacters ? `${text.slice(0, shownCharacters)}…` : text

/** The configuration with the valid parts of the value; null if there are none. */
interface DropResult<Config> {
  readonly config: Config | null
  readonly flaws: ReadonlyArray<ConfigurationFlaw>
}

/**
 * What to drop for a flaw: a whole list instead of one item, because the others would move; and a
 * whole object if it lacks a required field.
 */
const droppedPath = ({ path, kind }: Flaw): Path => {
  const index = path.findIndex((each) => typeof each === "number")
  const keys = index < 0 ? path : path.slice(0, index)
  return kind === "missing" ? keys.slice(0, -1) : keys
}

const messageOf = ({ kind, message, known }: Flaw, agentName: string | undefined): string => {
  if (kind === "missing") return message
  if (kind === "value") return agentName ?? message
  return `unknown key${message === "" ? ";" : message} known: ${known.join(", ")}`
}

const without = (value: unknown, [head, ...rest]: Path): unknown => {
  if (head === undefined || !Predicate.isObject(value)) return undefined
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, each]) => {
      if (key !== head) return [[key, each]]
      return rest.length === 0 ? [] : [[key, without(each, rest)]]
    })
  )
}

const hasCommand = (settings: unknown): boolean =>
  Predicate.isObject(settings) && "command" in settings

/** A custom agent requires a command. */
const withoutCommand = (key: string, value: unknown): ReadonlyArray<ConfigurationFlaw> => {
  if (key !== "agents" || !Predicate.isObject(value)) return []
  return Object.entries(value)
    .filter(
      ([name, settings]) => !builtIn.some((agent) => agent.name === name) && !hasCommand(settings)
    )
    .map(([name]) => ({
      at: [key, name],
      path: showPath([key, name, "command"]),
      kind: "missing",
      message: `is missing; only ${builtIn.map((agent) => agent.name).join(", ")} need no command`
    }))
}

/** Builds the function that drops invalid values of a configuration. */
export const makeDropInvalid = <Config extends object>(schema: Schema.Codec<Config, unknown>) => {
  const decode = Schema.decodeUnknownResult(schema, { errors: "all", onExcessProperty: "error" })
  let shape: Shape | null = null
  const shapeOf = (): Shape =>
    (shape ??= Schema.decodeUnknownSync(Shape)(
      Schema.toJsonSchemaDocument(schema, { onExcessProperty: "error" }).schema
    ))

  return (config: Config, key: string, value: unknown): DropResult<Config> => {
    const whole = { ...config, [key]: value }
    const first = decode(whole)
    const commandless = withoutCommand(key, value)
    if (Result.isSuccess(first) && commandless.length === 0)
      return { config: first.success, flaws: [] }
    const messages = Result.isSuccess(first)
      ? new Map<string, string>()
      : messagesOf(first.failure.issue)
    const flaws = Result.isSuccess(first)
      ? []
      : findFlaws(shapeOf(), whole, []).map((flaw): ConfigurationFlaw => ({
          at: droppedPath(flaw),
          path: showPath(flaw.path),
          kind: flaw.kind,
          message: messageOf(flaw, messages.get(JSON.stringify(flaw.path)))
        }))
    const all = [
      ...flaws,
      ...commandless.filter(({ at }) => flaws.every((flaw) => showPath(flaw.at) !== showPath(at)))
    ]
    const rest = all.reduce<unknown>(
      (left, { at }) => (at.length < 2 ? left : without(left, at)),
      whole
    )
    const second = all.some(({ at }) => at.length < 2) ? null : decode(rest)
    return {
      config: second === null || Result.isFailure(second) ? null : second.success,
      flaws: all
    }
  }
}
