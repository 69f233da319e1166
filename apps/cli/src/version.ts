/** The version of this binary. */
declare const BACKBEAT_VERSION: string | undefined

/**
 * Inserted by the build. From source it is older than every release, so that it never takes over
 * from an engine.
 */
export const version: string = typeof BACKBEAT_VERSION === "string" ? BACKBEAT_VERSION : "0.0.0"
