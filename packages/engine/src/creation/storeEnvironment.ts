/** Stores the environment of a task before the task is committed. */
import { StoreError } from "@backbeat/store/StoreError"
import * as Effect from "effect/Effect"
import { saveEnvironment, environmentRollback, type Variables } from "../home/TaskEnvironment.ts"
import { errorCode, errorMessage } from "../process/thrown.ts"

const reasons: Readonly<Record<string, StoreError["reason"]>> = {
  ENOSPC: "full",
  EDQUOT: "full",
  EROFS: "readonly",
  EACCES: "readonly",
  EPERM: "readonly"
}

/** Writes a file that belongs to an id. Fails with StoreError, for example on a full disk. */
export const writeStored = (id: string, write: () => void): Effect.Effect<void, StoreError> =>
  Effect.try({
    try: write,
    catch: (thrown) =>
      new StoreError({
        reason: reasons[errorCode(thrown)] ?? "unavailable",
        message: `the environment of ${id} could not be stored: ${errorMessage(thrown)}`
      })
  })

/**
 * Stores a task's environment. Returns a function that undoes it. Fails with StoreError, for
 * example on a full disk.
 */
export const storeEnvironment = (
  root: string,
  id: string,
  requestId: string,
  env: Variables
): Effect.Effect<() => void, StoreError> =>
  Effect.suspend(() => {
    const rollBack = environmentRollback(root, id, requestId)
    return writeStored(id, () => saveEnvironment(root, id, requestId, env)).pipe(
      Effect.onError(() => Effect.sync(rollBack)),
      Effect.as(rollBack)
    )
  })
