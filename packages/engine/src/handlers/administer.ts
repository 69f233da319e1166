/** Answers `config` and the discovery operations. */
import { capabilities, examplesList, examplesShow, schemaList, schemaShow } from "@backbeat/contract/discovery"
import { operations } from "@backbeat/contract/table"
import * as Effect from "effect/Effect"
import { existsSync } from "node:fs"
import { Home } from "../home/Home.ts"
import { withoutSecrets } from "../home/configuration.ts"
import { Settings } from "../home/Settings.ts"
import { type Handled, handle } from "./Call.ts"
import { makeChangeConfiguration } from "./changeConfiguration.ts"

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
  const { set, replace } = yield* makeChangeConfiguration

  const changed = (key: string | null) => ({ key, config: { ...withoutSecrets(settings.current()) }, path: configPath })
  const change = (key: string, value: unknown) => Effect.map(set(key.split("."), value), () => changed(key))

  const handlers: ReadonlyArray<Handled> = [
    handle(operations["config show"], () =>
      Effect.sync(() => {
        const { config, sources, problems } = settings.resolved()
        return { path: configPath, config: { ...withoutSecrets(config) }, sources, problems }
      })
    ),
    handle(operations["config set"], ({ key, value }) => change(key, value)),
    handle(operations["config reset"], ({ key }) => (key === undefined ? Effect.map(replace({}), () => changed(null)) : change(key, undefined))),
    handle(operations["config path"], () => Effect.sync(() => ({ path: configPath, exists: existsSync(configPath) })))
  ]
  return handlers
})
