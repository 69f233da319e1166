/** Which home a caller means, and where its configuration is. */
import { homedir } from "node:os"
import { join, resolve } from "node:path"

/** The home and its configuration file, as absolute paths. */
export interface Place {
  readonly root: string
  readonly configPath: string
}

/** The flag --home over BACKBEAT_HOME over the XDG folders. Relative paths are against the working directory. */
export const findHome = (flag: string | undefined, environment: Readonly<Record<string, string | undefined>>): Place => {
  const given = flag ?? environment["BACKBEAT_HOME"]
  if (given !== undefined && given !== "") {
    const root = resolve(given)
    return { root, configPath: join(root, "config.json") }
  }
  // Without HOME this is what the user database says.
  const user = homedir()
  const state = environment["XDG_STATE_HOME"] || join(user, ".local", "state")
  const config = environment["XDG_CONFIG_HOME"] || join(user, ".config")
  return { root: resolve(state, "backbeat"), configPath: resolve(config, "backbeat", "config.json") }
}
