/** Changes the configuration file: only to what holds, and with effect at once. */
import { nearest } from "@backbeat/contract/nearest"
import { problem } from "@backbeat/contract/Problem"
import * as Effect from "effect/Effect"
import { keyNames, resolve, withKey } from "../home/configuration.ts"
import { Home } from "../home/Home.ts"
import { Settings } from "../home/Settings.ts"
import { Transitions } from "../task/Transitions.ts"
import { wrongField } from "./View.ts"

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
      const message = `unknown key ${key.join(".")}${near === null ? "" : `; did you mean ${near}?`}`
      return yield* Effect.fail(wrongField("key", message, `Known keys: ${keyNames.join(", ")}.`))
    }
    if (settings.file() === null) {
      const message = `${configPath} holds no JSON`
      return yield* Effect.fail(problem("ConfigInvalid", message, "Mend or remove the file.", { path: configPath }))
    }
    const content = withKey(settings.file(), key, value)
    const flaw = resolve(content, {}).problems.find((each) => each.key === head)
    if (flaw !== undefined) return yield* Effect.fail(wrongField("value", flaw.message, "See config show."))
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
