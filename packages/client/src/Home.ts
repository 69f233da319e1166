/** Finds the home of a call and its configuration file. */
import type * as Path from "node:path"
import { flagOf, sentence } from "@backbeat/contract/Text"
import { homeFromUserDatabase } from "./userDatabase.ts"
import { Unreachable } from "./Unreachable.ts"

type Environment = Readonly<Record<string, string | undefined>>

/** The home and its configuration file, as absolute paths. */
export interface HomePaths {
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

/**
 * The user's home directory: HOME if it is absolute, otherwise that of the user database; null
 * without either.
 */
export const userFolder = (environment: Environment): string | null => {
  const given = environment["HOME"] ?? ""
  if (given.startsWith("/")) return given
  const found = homeFromUserDatabase()
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

/** Expands `~`, which no shell has expanded if the path is in a file or after an equals sign. */
const expandTilde = (path: string, environment: Environment): string =>
  path === "~" || path.startsWith("~/") ? `${knownUserFolder(environment)}${path.slice(1)}` : path

/**
 * Makes a path absolute. Loads `node:path` only for paths that need it: it costs a tenth of a call.
 * Throws Unreachable.
 */
const toAbsolute = (path: string): string => {
  if (isPlain.test(path) && !path.includes("/.")) return path
  try {
    // Without `process.cwd()`, the runtime resolves against the program's own folder if the working
    // directory was deleted.
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

/**
 * A folder of the XDG specification. A relative path is ignored, as the specification says: it
 * would mean another folder in each working directory.
 */
const xdgFolder = (environment: Environment, name: string, fallback: string): string => {
  const given = environment[name]
  return given?.startsWith("/") === true ? given : `${knownUserFolder(environment)}/${fallback}`
}

/**
 * The home: --home, else BACKBEAT_HOME, else the XDG folders. Relative paths are resolved against
 * the working directory. Throws Unreachable.
 */
export const findHome = (flag: string | undefined, environment: Environment): HomePaths => {
  const given = flag ?? environment["BACKBEAT_HOME"]
  if (given !== undefined && given !== "") {
    const root = toAbsolute(expandTilde(given, environment))
    return { root, configPath: `${root === "/" ? "" : root}/config.json` }
  }
  const state = xdgFolder(environment, "XDG_STATE_HOME", ".local/state")
  const config = xdgFolder(environment, "XDG_CONFIG_HOME", ".config")
  return {
    root: toAbsolute(`${state}/backbeat`),
    configPath: toAbsolute(`${config}/backbeat/config.json`)
  }
}
