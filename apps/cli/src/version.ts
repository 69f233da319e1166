/** The version of this binary. */
declare const BACKBEAT_VERSION: string | undefined

/** Put in by the build; from source it is older than every release, so that it takes no engine over. */
export const version: string = typeof BACKBEAT_VERSION === "string" ? BACKBEAT_VERSION : "0.0.0"
