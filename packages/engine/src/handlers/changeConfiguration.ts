/** Changes the configuration file: only to what holds, and with effect at once. */
import { showPath } from "@backbeat/contract/decodePayload"
import type { Path } from "@backbeat/contract/Flaw"
import { nearest } from "@backbeat/contract/nearest"
import { type Problem, problem } from "@backbeat/contract/Problem"
import * as Effect from "effect/Effect"
import { agentOf } from "../agent/knownAgents.ts"
import { Home } from "../home/Home.ts"
import { keyNames, resolve, withKey } from "../home/resolve.ts"
import { Settings } from "../home/Settings.ts"
import type { ConfigurationFlaw } from "../home/sift.ts"
import { unknownAgent } from "./agentWork.ts"
import { Transitions } from "../task/Transitions.ts"
import { wrongField } from "./View.ts"

/** Whether one of two places is the other, or in it: what is wrong elsewhere in the file keeps nobody from setting a value. */
const overlap = (one: Path, other: Path): boolean => {
  const shorter = Math.min(one.length, other.length)
  return one.slice(0, shorter).every((each, index) => each === other[index])
}

/** How many characters of what was given are told. */
const toldCharacters = 64

/** No value of the configuration is as deep: what is further in is refused before. */
const deepest = 16

const told = (text: string): string => (text.length > toldCharacters ? `${text.slice(0, toldCharacters)}…` : text)

const refusal = ({ at, kind, path, message }: ConfigurationFlaw, key: Path): Problem => {
  if (kind === "unknown" && at.length <= key.length) return wrongField("key", `${path}: ${message}`, "See config show.")
  return wrongField("value", kind === "value" && path === showPath(key) ? message : `${path}: ${message}`, "See config show.")
}

/** Gives the acts that set one key (or remove it, when the value is undefined), and that replace the whole content. */
export const makeChangeConfiguration = Effect.gen(function* () {
  const { configPath } = yield* Home
  const settings = yield* Settings
  const transitions = yield* Transitions

  /** Writes the file as it would be, when every value in it holds. */
  const set = Effect.fnUntraced(function* (key: ReadonlyArray<string>, value: unknown) {
    const [head = ""] = key
    if (!keyNames.includes(head)) {
      const near = nearest(head, keyNames)
      const message = `unknown key ${told(key.join("."))}${near === null ? "" : `; did you mean ${near}?`}`
      return yield* Effect.fail(wrongField("key", message, `Known keys: ${keyNames.join(", ")}.`))
    }
    if (settings.file() === null) {
      const message = `${configPath} holds no JSON`
      return yield* Effect.fail(problem("ConfigInvalid", message, "Mend or remove the file.", { path: configPath }))
    }
    const content = withKey(settings.file(), key.slice(0, deepest), value)
    const { config, flaws } = resolve(content, {})
    const flaw = flaws.find(({ at }) => overlap(at, key))
    if (flaw !== undefined) return yield* Effect.fail(refusal(flaw, key))
    if (head === "defaultAgent" && config.defaultAgent !== null && agentOf(config, config.defaultAgent) === null) {
      const { hint } = unknownAgent(config.defaultAgent, config)
      return yield* Effect.fail(wrongField("value", `is no agent that there is: ${told(config.defaultAgent)}`, hint))
    }
    return yield* replace(content)
  })

  const replace = Effect.fnUntraced(function* (content: unknown) {
    yield* Effect.try({
      try: () => settings.write(content),
      catch: (thrown) =>
        problem("ConfigInvalid", `${configPath} could not be written: ${String(thrown)}`, "Check its permissions and the disk.", {
          path: configPath
        })
    })
    // A commit fills the slots that a queue has now.
    yield* Effect.ignore(transitions.commit(() => Effect.void))
  })

  return { set, replace }
})
