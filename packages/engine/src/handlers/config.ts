/** Answers `config`. */
import * as operations from "@backbeat/contract/operation/administer"
import * as Effect from "effect/Effect"
import { existsSync } from "../system/files.ts"
import { Home } from "../home/Home.ts"
import { withoutSecrets } from "../configuration/configuration.ts"
import { Settings } from "../configuration/Settings.ts"
import { type Handler, handle } from "../call/Call.ts"
import { makeChangeConfiguration } from "./changeConfiguration.ts"

/** The handlers of `config`. */
export const makeConfigHandlers = Effect.gen(function* () {
  const { configPath } = yield* Home
  const settings = yield* Settings
  const { set, replace } = yield* makeChangeConfiguration

  const changed = (key: string | null) => ({
    key,
    config: { ...withoutSecrets(settings.current()) },
    path: configPath
  })
  const change = (key: string, value: unknown) =>
    Effect.map(set(key.split("."), value), () => changed(key))

  const handlers: ReadonlyArray<Handler> = [
    handle(operations.configShow, () =>
      Effect.sync(() => {
        const { config, sources, variables, ignored, problems } = settings.resolved()
        return {
          path: configPath,
          config: { ...withoutSecrets(config) },
          sources,
          variables,
          ignored,
          problems
        }
      })
    ),
    handle(operations.configSet, ({ key, value }) => change(key, value)),
    handle(operations.configReset, ({ key }) =>
      key === undefined ? Effect.map(replace({}), () => changed(null)) : change(key, undefined)
    ),
    handle(operations.configPath, () =>
      Effect.sync(() => ({ path: configPath, exists: existsSync(configPath) }))
    )
  ]
  return handlers
})
