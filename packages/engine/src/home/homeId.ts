/** The id of the home of this process, known once its store is open. */

const ids = new Map<string, string>()

/** Sets the id of a home. */
export const knowHomeId = (root: string, id: string): void => void ids.set(root, id)

/** The id of the home at `root`; undefined before the store is open. */
export const homeIdOf = (root: string): string | undefined => ids.get(root)

/** The variables that identify the home in all processes that it starts. */
export const homeVariables = (root: string): Readonly<Record<string, string>> => {
  const id = homeIdOf(root)
  return id === undefined ? { BACKBEAT_HOME: root } : { BACKBEAT_HOME: root, BACKBEAT_HOME_ID: id }
}
