/** Keeps the environment of a task that is about to be stored, until that is certain. */
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

/** Keeps a task's environment, and gives what takes that back. A disk that is full is no defect. */
export const keepFor = (
  root: string,
  id: string,
  requestId: string,
  env: Variables
): Effect.Effect<() => void, StoreError> =>
  Effect.suspend(() => {
    const takeBack = environmentRollback(root, id, requestId)
    return Effect.try({
      try: () => {
        saveEnvironment(root, id, requestId, env)
        return takeBack
      },
      catch: (thrown) => {
        takeBack()
        return new StoreError({
          reason: reasons[errorCode(thrown)] ?? "unavailable",
          message: `the environment of ${id} could not be stored: ${errorMessage(thrown)}`
        })
      }
    })
  })
