/**
 * The configuration file of an engine. It is read again when it has changed, and written completely
 * with mode 0600.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { steadyMs } from "../system/time.ts"
import { mkdirSync, renameSync, statSync } from "../system/files.ts"
import { dirname } from "node:path"
import { behindLinks } from "../home/behindLinks.ts"
import type { Configuration } from "./configuration.ts"
import { Home } from "../home/Home.ts"
import { readRegular, writeRegular } from "../home/regularFile.ts"
import { errorCode, errorMessage } from "../process/thrown.ts"
import { type Resolved, resolve } from "./resolve.ts"

/** The current configuration. */
export class Settings extends Context.Service<
  Settings,
  {
    readonly current: () => Configuration
    readonly resolved: () => Resolved
    /** The file's content as JSON; undefined if there is none or it is not JSON. */
    readonly file: () => unknown
    /** Replaces the file. Throws errors of the file system. */
    readonly write: (content: unknown) => void
  }
>()("@backbeat/engine/Settings") {}

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

/** The content of the file; undefined if there is none. `trouble` is set if it cannot be read. */
interface Found {
  readonly content: unknown
  readonly trouble: string | null
}

const troubleOf = (thrown: unknown): string | null => {
  const code = errorCode(thrown)
  if (code === "ENOENT" || code === "ENOTDIR") return null
  return code === "EFTYPE" ? "is not a regular file" : `cannot be read (${errorMessage(thrown)})`
}

const read = (path: string): Found => {
  try {
    return { content: parse(readRegular(path)), trouble: null }
  } catch (thrown) {
    return { content: undefined, trouble: troubleOf(thrown) }
  }
}

/** The configuration from a file and an environment. A problem of the whole file has no key. */
export const readConfiguration = (
  path: string,
  environment: Readonly<Record<string, string | undefined>>
): Resolved => {
  const { content, trouble } = read(path)
  const resolved = resolve(content, environment)
  if (trouble === null) return resolved
  const message = `${trouble}: its settings have no effect`
  return { ...resolved, problems: [{ key: "", message }, ...resolved.problems] }
}

/** How long (ms) the file is assumed to be unchanged. */
const freshMs = 20

/** Identifies the current version of the file. */
const stampOf = (path: string): string => {
  try {
    const { ino, mtimeNs, size } = statSync(path, { bigint: true })
    return `${ino} ${mtimeNs} ${size}`
  } catch {
    // A missing or unreadable file counts as empty.
    return ""
  }
}

/** The settings from the home's configuration file and the environment of this engine. */
export const layerSettings = (environment: Readonly<Record<string, string | undefined>>) =>
  Layer.effect(
    Settings,
    Effect.gen(function* () {
      const { configPath } = yield* Home
      let stamp: string | null = null
      let checkedAt = Number.NEGATIVE_INFINITY
      let cached: Resolved = resolve(undefined, environment)
      const resolved = (): Resolved => {
        checkedAt = steadyMs()
        const now = stampOf(configPath)
        if (now !== stamp) cached = readConfiguration(configPath, environment)
        stamp = now
        return cached
      }
      return Settings.of({
        // Every commit reads it, and most commits come together.
        current: () => (steadyMs() - checkedAt < freshMs ? cached : resolved()).config,
        resolved,
        file: () => read(configPath).content,
        write: (content) => {
          mkdirSync(dirname(configPath), { recursive: true, mode: 0o700 })
          // A symbolic link is kept; its target is replaced.
          const path = behindLinks(configPath)
          writeRegular(`${path}.draft`, `${JSON.stringify(content, null, 2)}\n`)
          renameSync(`${path}.draft`, path)
          checkedAt = Number.NEGATIVE_INFINITY
        }
      })
    })
  )
