/** Answers `config` and the discovery operations. */
import { capabilities, examplesList, examplesShow, schemaList, schemaShow } from "@backbeat/contract/discovery"
import { nearest } from "@backbeat/contract/nearest"
import { problem } from "@backbeat/contract/Problem"
import { operations } from "@backbeat/contract/table"
import * as Effect from "effect/Effect"
import { existsSync } from "node:fs"
import { keyNames, resolve, withKey } from "../home/configuration.ts"
import { Home } from "../home/Home.ts"
import { Settings } from "../home/Settings.ts"
import { Transitions } from "../task/Transitions.ts"
import { type Handled, handle } from "./Call.ts"
import { wrongField } from "./View.ts"

/** The handlers of what only reads the table. */
export const makeDiscoveryHandlers = Effect.map(Home, ({ version }): ReadonlyArray<Handled> => [
  handle(operations.capabilities, () => Effect.succeed(capabilities(version))),
  handle(operations["schema list"], () => Effect.succeed(schemaList())),
  handle(operations["schema show"], (input) => Effect.fromResult(schemaShow(input))),
  handle(operations["examples list"], () => Effect.succeed(examplesList())),
  handle(operations["examples show"], (input) => Effect.fromResult(examplesShow(input)))
])

/** The handlers of `config`. */
export const makeConfigHandlers = Effect.gen(function* () {
  const { configPath } = yield* Home
  const settings = yield* Settings
  const transitions = yield* Transitions

  /** Writes the file as it would be, when every value in it holds. */
  const change = Effect.fnUntraced(function* (key: string, value: unknown) {
    const head = key.split(".")[0] ?? ""
    if (!keyNames.includes(head)) {
      const near = nearest(head, keyNames)
      const message = `unknown key ${key}${near === null ? "" : `; did you mean ${near}?`}`
      return yield* Effect.fail(wrongField("key", message, `Known keys: ${keyNames.join(", ")}.`))
    }
    if (settings.file() === null) {
      const message = `${configPath} holds no JSON`
      return yield* Effect.fail(problem("ConfigInvalid", message, "Mend or remove the file.", { path: configPath }))
    }
    const content = withKey(settings.file(), key, value)
    const flaw = resolve(content, {}).problems.find((each) => each.key === head)
    if (flaw !== undefined) return yield* Effect.fail(wrongField("value", flaw.message, "See config show."))
    return yield* write(key, content)
  })

  const write = Effect.fnUntraced(function* (key: string | null, content: unknown) {
    yield* Effect.try({
      try: () => settings.write(content),
      catch: (thrown) =>
        problem("ConfigInvalid", `${configPath} could not be written: ${String(thrown)}`, "Check its permissions and the disk.", {
          path: configPath
        })
    })
    // A commit fills the slots that a queue has now.
    yield* Effect.ignore(transitions.commit(() => Effect.void))
    return { key, config: { ...settings.current() }, path: configPath }
  })

  const handlers: ReadonlyArray<Handled> = [
    handle(operations["config show"], () =>
      Effect.sync(() => {
        const { config, sources, problems } = settings.resolved()
        return { path: configPath, config: { ...config }, sources, problems }
      })
    ),
    handle(operations["config set"], ({ key, value }) => change(key, value)),
    handle(operations["config reset"], ({ key }) => (key === undefined ? write(null, {}) : change(key, undefined))),
    handle(operations["config path"], () => Effect.sync(() => ({ path: configPath, exists: existsSync(configPath) })))
  ]
  return handlers
})
