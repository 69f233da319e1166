/** Which home a caller means, and where its configuration is. */
import type * as Path from "node:path"
import { flagOf, sentence } from "@backbeat/contract/Text"
import { folderInDatabase } from "./userDatabase.ts"
import { Unreachable } from "./Unreachable.ts"

type Environment = Readonly<Record<string, string | undefined>>

/** The home and its configuration file, as absolute paths. */
export interface Place {
  readonly root: string
  readonly configPath: string
}

declare global {
  namespace NodeJS {
    interface Process {
      getBuiltinModule(name: "node:path"): typeof Path
    }
  }
}

const isPlain = /^(\/[^/]+)+$/u

/** Where the user's files are: HOME, or without an absolute one what the user database says; null when neither does. */
export const userFolder = (environment: Environment): string | null => {
  const given = environment["HOME"] ?? ""
  if (given.startsWith("/")) return given
  const found = folderInDatabase()
  return found?.startsWith("/") === true ? found : null
}

const knownUserFolder = (environment: Environment): string => {
  const found = userFolder(environment)
  if (found !== null) return found
  throw new Unreachable({
    type: "CommandInputError",
    message: `the home cannot be found: HOME is not an absolute path, and user ${process.getuid?.()} has no home directory in the user database`,
    hint: sentence`Set HOME or BACKBEAT_HOME to an absolute path, or use ${flagOf("home")}.`,
    details: {}
  })
}

/** What no shell has expanded, because the path stands in a file or behind an equals sign. */
const expanded = (path: string, environment: Environment): string =>
  path === "~" || path.startsWith("~/") ? `${knownUserFolder(environment)}${path.slice(1)}` : path

/** An absolute path. The module is loaded only for paths that are not plain already: it costs a tenth of a call. Throws Unreachable. */
const absolute = (path: string): string => {
  if (isPlain.test(path) && !path.includes("/.")) return path
  try {
    // Without the first, the runtime takes the program's own folder where the working directory was deleted.
    return process.getBuiltinModule("node:path").resolve(process.cwd(), path)
  } catch {
    throw new Unreachable({
      type: "CommandInputError",
      message: `the home ${path} is relative, and the working directory was deleted`,
      hint: "Change to a directory that exists, or use an absolute path.",
      details: { home: path }
    })
  }
}

/** A folder of the XDG specification. It says to ignore a relative path, which would mean another folder wherever a call is made. */
const xdgFolder = (environment: Environment, name: string, fallback: string): string => {
  const given = environment[name]
  return given?.startsWith("/") === true ? given : `${knownUserFolder(environment)}/${fallback}`
}

/** The flag --home over BACKBEAT_HOME over the XDG folders. Relative paths are against the working directory. Throws Unreachable. */
export const findHome = (flag: string | undefined, environment: Environment): Place => {
  const given = flag ?? environment["BACKBEAT_HOME"]
  if (given !== undefined && given !== "") {
    const root = absolute(expanded(given, environment))
    return { root, configPath: `${root === "/" ? "" : root}/config.json` }
  }
  const state = xdgFolder(environment, "XDG_STATE_HOME", ".local/state")
  const config = xdgFolder(environment, "XDG_CONFIG_HOME", ".config")
  return {
    root: absolute(`${state}/backbeat`),
    configPath: absolute(`${config}/backbeat/config.json`)
  }
}
