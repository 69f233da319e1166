/** The configuration file of an engine. Read again when the file has changed; written as a whole, 0600. */
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

/** The configuration in force. */
export class Settings extends Context.Service<
  Settings,
  {
    readonly current: () => Configuration
    readonly resolved: () => Resolved
    /** The file's content as JSON, undefined when there is none or it is no JSON. */
    readonly file: () => unknown
    /** Replaces the file. Throws what the file system throws. */
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

/** The content of the file, undefined when there is none; `trouble` when something is there that cannot be read. */
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

/** The configuration that a file gives under an environment. A problem of the whole file has no key. */
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

/** How long, in milliseconds, the file is taken to be as it was. */
const sameMomentMs = 20

/** What tells one state of the file from another. */
const stampOf = (path: string): string => {
  try {
    const { ino, mtimeNs, size } = statSync(path, { bigint: true })
    return `${ino} ${mtimeNs} ${size}`
  } catch {
    // What is not there, or cannot be seen, is as good as empty.
    return ""
  }
}

/** The settings in the home's configuration file, under the environment of this engine. */
export const layerSettings = (environment: Readonly<Record<string, string | undefined>>) =>
  Layer.effect(
    Settings,
    Effect.gen(function* () {
      const { configPath } = yield* Home
      let stamp: string | null = null
      let lookedAt = Number.NEGATIVE_INFINITY
      let known: Resolved = resolve(undefined, environment)
      const resolved = (): Resolved => {
        lookedAt = steadyMs()
        const now = stampOf(configPath)
        if (now !== stamp) known = readConfiguration(configPath, environment)
        stamp = now
        return known
      }
      return Settings.of({
        // Every commit asks, and most come within a moment.
        current: () => (steadyMs() - lookedAt < sameMomentMs ? known : resolved()).config,
        resolved,
        file: () => read(configPath).content,
        write: (content) => {
          mkdirSync(dirname(configPath), { recursive: true, mode: 0o700 })
          // A link stays, such as one to a file that is kept with others: what it leads to is replaced.
          const path = behindLinks(configPath)
          writeRegular(`${path}.draft`, `${JSON.stringify(content, null, 2)}\n`)
          renameSync(`${path}.draft`, path)
          lookedAt = Number.NEGATIVE_INFINITY
        }
      })
    })
  )
