/** Which home a caller means, and where its configuration is. */
import type * as Os from "node:os"
import type * as Path from "node:path"

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

/** An absolute path. The module is loaded only for paths that are not plain already: it costs a tenth of a call. */
const absolute = (path: string): string =>
  isPlain.test(path) && !path.includes("/.") ? path : process.getBuiltinModule("node:path").resolve(path)

/** The flag --home over BACKBEAT_HOME over the XDG folders. Relative paths are against the working directory. */
export const findHome = (flag: string | undefined, environment: Readonly<Record<string, string | undefined>>): Place => {
  const given = flag ?? environment["BACKBEAT_HOME"]
  if (given !== undefined && given !== "") {
    const root = absolute(given)
    return { root, configPath: `${root}/config.json` }
  }
  // Without HOME this is what the user database says.
  const user = environment["HOME"] || process.getBuiltinModule("node:os").homedir()
  const state = environment["XDG_STATE_HOME"] || `${user}/.local/state`
  const config = environment["XDG_CONFIG_HOME"] || `${user}/.config`
  return { root: absolute(`${state}/backbeat`), configPath: absolute(`${config}/backbeat/config.json`) }
}
