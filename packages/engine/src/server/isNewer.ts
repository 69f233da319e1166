/** Compares versions. */

/**
 * Whether a version is newer, by the precedence of semver.org 2.0.0. Never throws: an invalid
 * version is not newer.
 */
export const isNewer = (candidate: string, than: string): boolean =>
  Bun.semver.satisfies(candidate, `>${than}`)
