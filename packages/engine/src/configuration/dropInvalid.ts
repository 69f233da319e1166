/** Sifts a value of the configuration: what does not hold is told of and left out, the rest stays. */
import { builtIn } from "@backbeat/agents/agents"
import { messagesOf, showPath } from "@backbeat/contract/decodePayload"
import { findFlaws, type Flaw, type Path } from "@backbeat/contract/Flaw"
import { Shape } from "@backbeat/contract/Shape"
import * as Predicate from "effect/Predicate"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"

/** Something that does not hold: `path` is where it is, `at` what is left out because of it. */
export interface ConfigurationFlaw {
  readonly at: Path
  readonly path: string
  readonly kind: Flaw["kind"]
  readonly message: string
}

/** How many characters of what was given are told. */
const toldCharacters = 64

/** The beginning of what was given. */
export const told = (text: string): string =>
  text.length > toldCharacters ? `${text.slice(0, toldCharacters)}…` : text

/** The configuration with what holds of the value; null when nothing does. */
interface Sifted<Config> {
  readonly config: Config | null
  readonly flaws: ReadonlyArray<ConfigurationFlaw>
}

/** An item of a list cannot be left out without changing the others' places, nor an object lack what it needs. */
const leftOut = ({ path, kind }: Flaw): Path => {
  const index = path.findIndex((each) => typeof each === "number")
  const keys = index < 0 ? path : path.slice(0, index)
  return kind === "missing" ? keys.slice(0, -1) : keys
}

const messageOf = ({ kind, message, known }: Flaw, its: string | undefined): string => {
  if (kind === "missing") return message
  if (kind === "value") return its ?? message
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

/** Of an agent that is not built in nothing is known but its command. */
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

/** Makes the sieve for the values of a configuration. */
export const makeSift = <Config extends object>(schema: Schema.Codec<Config, unknown>) => {
  const decode = Schema.decodeUnknownResult(schema, { errors: "all", onExcessProperty: "error" })
  let shape: Shape | null = null
  const shapeOf = (): Shape =>
    (shape ??= Schema.decodeUnknownSync(Shape)(
      Schema.toJsonSchemaDocument(schema, { onExcessProperty: "error" }).schema
    ))

  return (config: Config, key: string, value: unknown): Sifted<Config> => {
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
          at: leftOut(flaw),
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
