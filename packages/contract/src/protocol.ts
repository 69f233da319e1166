/**
 * The names that a caller and the engine share. Plain strings, so that the thin entry loads nothing
 * else.
 */

/** The path of calls on the engine's socket. */
export const callPath = "/v1/call"
/** The path at which the engine answers a GET at once, as proof that it is not suspended. */
export const healthPath = "/v1/health"
/** The header with the exit code of the caller. */
export const exitHeader = "x-backbeat-exit"
/**
 * The header of an answer that asks the caller to call again, because this engine has released the
 * home. Its value is the version that takes over, whose engine another caller has already started;
 * empty if the caller is to start one.
 */
export const handoverHeader = "x-backbeat-handover"
/** Set on the answer of a failure, because its text may be the output of a task. */
export const failureHeader = "x-backbeat-failure"
/** The content type of a stream of frames. */
export const streamType = "application/x-ndjson"
/** The path of the engine's socket in the home. */
export const socketName = "engine.sock"
/**
 * The startup notice of an engine in the home. It is information, never a proof that the engine
 * runs.
 */
export const noticeName = "engine.json"
/** The maximum size of a payload: 10 MB. */
export const payloadMaxBytes = 10_000_000

/** The exit code of a rejected call with `--exit-status`. */
export const refusedStatus = 125
