/** Changes the configuration file. Accepts only valid values, which take effect at once. */
import { callOf, sentence } from "@backbeat/contract/Text"
import { showPath } from "@backbeat/contract/decodePayload"
import type { Path } from "@backbeat/contract/Flaw"
import { nearest } from "@backbeat/contract/nearest"
import { problem, type Problem, withChange } from "@backbeat/contract/Problem"
import * as Effect from "effect/Effect"
import { Home } from "../home/Home.ts"
import { keyNames, resolve, withKey } from "../configuration/resolve.ts"
import { Settings } from "../configuration/Settings.ts"
import { type ConfigurationFlaw, shorten } from "../configuration/dropInvalid.ts"
import { Transitions } from "../commit/Transitions.ts"
import { wrongField } from "../call/wrongField.ts"
import { once } from "../wiring/once.ts"

/**
 * Whether one of two paths contains the other. An error elsewhere in the file does not prevent
 * setting a value.
 */
const overlap = (one: Path, other: Path): boolean => {
  const shorter = Math.min(one.length, other.length)
  return one.slice(0, shorter).every((each, index) => each === other[index])
}

/** No configuration value is deeper: a longer path is rejected before. */
const deepest = 16

const showKeys = sentence`Run ${callOf("config show")} to see the keys and values.`

const toProblem = ({ at, kind, path, message }: ConfigurationFlaw, key: Path): Problem => {
  if (kind === "unknown" && at.length <= key.length)
    return wrongField("key", `${path}: ${message}`, showKeys)
  return wrongField(
    "value",
    kind === "value" && path === showPath(key) ? message : `${path}: ${message}`,
    showKeys
  )
}

/** Builds the functions that set one key (undefined removes it) and replace the whole content. */
export const makeChangeConfiguration = once(
  Effect.gen(function* () {
    const { configPath } = yield* Home
    const settings = yield* Settings
    const transitions = yield* Transitions

    /** Sets a key if its value is valid, and writes the file. */
    const set = Effect.fnUntraced(function* (key: ReadonlyArray<string>, value: unknown) {
      const [head = ""] = key
      if (!keyNames.includes(head)) {
        const near = nearest(head, keyNames)
        const message = `unknown key ${shorten(key.join("."))}${near === null ? "" : `; did you mean ${near}?`}`
        if (near === null)
          return yield* Effect.fail(
            wrongField("key", message, `Known keys: ${keyNames.join(", ")}.`)
          )
        return yield* Effect.fail(
          withChange(wrongField("key", message, ""), { key: [near, ...key.slice(1)].join(".") })
        )
      }
      if (settings.file() === null) {
        const message = `${configPath} is not valid JSON`
        return yield* Effect.fail(
          problem("ConfigInvalid", message, "Correct the file, or remove it.", { path: configPath })
        )
      }
      const content = withKey(settings.file(), key.slice(0, deepest), value)
      const { flaws } = resolve(content, {})
      const flaw = flaws.find(({ at }) => overlap(at, key))
      if (flaw !== undefined) return yield* Effect.fail(toProblem(flaw, key))
      return yield* replace(content)
    })

    const replace = Effect.fnUntraced(function* (content: unknown) {
      yield* Effect.try({
        try: () => settings.write(content),
        catch: (thrown) =>
          problem(
            "ConfigInvalid",
            `${configPath} could not be written: ${String(thrown)}`,
            "Check its permissions and the disk, then call again.",
            {
              path: configPath
            }
          )
      })
      // A queue may have more slots now.
      yield* Effect.ignore(transitions.fillSlots)
    })

    return { set, replace }
  })
)
