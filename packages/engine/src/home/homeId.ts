/** The id of the home that this process serves, known from the moment at which its store is open. */

const ids = new Map<string, string>()

/** Makes the id of a home known. */
export const knowHomeId = (root: string, id: string): void => void ids.set(root, id)

/** The id of the home at `root`; undefined before the store is open. */
export const homeIdOf = (root: string): string | undefined => ids.get(root)

/** What everything that a home starts is told of it. The id marks it. */
export const homeVariables = (root: string): Readonly<Record<string, string>> => {
  const id = homeIdOf(root)
  return id === undefined ? { BACKBEAT_HOME: root } : { BACKBEAT_HOME: root, BACKBEAT_HOME_ID: id }
}
