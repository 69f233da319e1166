/** The names that a caller and the engine share. Plain strings, so that the thin entry loads nothing else. */

/** The path of calls on the engine's socket. */
export const callPath = "/v1/call"
/** The path where the engine answers a GET at once: proof that it is not standing still. */
export const healthPath = "/v1/health"
/** The header of an answer that carries the caller's exit code. */
export const exitHeader = "x-backbeat-exit"
/**
 * The header of an answer that asks the caller to call again: this engine has let go of the home. Its value is the version
 * that takes over, whose engine is started already by somebody, or nothing when the caller is to start one.
 */
export const handoverHeader = "x-backbeat-handover"
/** Set on an answer that is a failure: its text, which may be that of a task, does not tell. */
export const failureHeader = "x-backbeat-failure"
/** The content type of frames that come one by one. */
export const streamType = "application/x-ndjson"
/** The engine's socket, below the home. */
export const socketName = "engine.sock"
/** What an engine says of itself, below the home: for information, never a proof of life. */
export const noticeName = "engine.json"
/** The most bytes of a payload: 10 MB. */
export const payloadMaxBytes = 10_000_000

/** The exit code of a call with `--exit-status` that was refused. */
export const refusedStatus = 125
