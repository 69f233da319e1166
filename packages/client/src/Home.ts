/** Which home a caller means, and where its configuration is. */
import type * as Os from "node:os"
import type * as Path from "node:path"
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
      getBuiltinModule(name: "node:os"): typeof Os
      getBuiltinModule(name: "node:path"): typeof Path
    }
  }
}

const isPlain = /^(\/[^/]+)+$/u

/** Where the user's files are. Without HOME, or with a relative one, this is what the user database says. */
const userFolder = (environment: Environment): string => {
  const given = environment["HOME"] ?? ""
  return given.startsWith("/") ? given : process.getBuiltinModule("node:os").userInfo().homedir
}

/** What no shell has expanded, because the path stands in a file or behind an equals sign. */
const expanded = (path: string, environment: Environment): string =>
  path === "~" || path.startsWith("~/") ? `${userFolder(environment)}${path.slice(1)}` : path

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
const xdgFolder = (given: string | undefined, user: string, fallback: string): string =>
  given?.startsWith("/") === true ? given : `${user}/${fallback}`

/** The flag --home over BACKBEAT_HOME over the XDG folders. Relative paths are against the working directory. Throws Unreachable. */
export const findHome = (flag: string | undefined, environment: Environment): Place => {
  const given = flag ?? environment["BACKBEAT_HOME"]
  if (given !== undefined && given !== "") {
    const root = absolute(expanded(given, environment))
    return { root, configPath: `${root === "/" ? "" : root}/config.json` }
  }
  const user = userFolder(environment)
  const state = xdgFolder(environment["XDG_STATE_HOME"], user, ".local/state")
  const config = xdgFolder(environment["XDG_CONFIG_HOME"], user, ".config")
  return {
    root: absolute(`${state}/backbeat`),
    configPath: absolute(`${config}/backbeat/config.json`)
  }
}
