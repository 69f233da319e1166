/** Whether one version comes after another. */

/** Precedence as in semver.org 2.0.0. Throws nothing: what is no version is not newer. */
export const isNewer = (candidate: string, than: string): boolean =>
  Bun.semver.satisfies(candidate, `>${than}`)
