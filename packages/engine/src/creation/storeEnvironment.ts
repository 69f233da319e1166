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
    return Effect.try({
      try: () => {
        saveEnvironment(root, id, requestId, env)
        return rollBack
      },
      catch: (thrown) => {
        rollBack()
        return new StoreError({
          reason: reasons[errorCode(thrown)] ?? "unavailable",
          message: `the environment of ${id} could not be stored: ${errorMessage(thrown)}`
        })
      }
    })
  })
