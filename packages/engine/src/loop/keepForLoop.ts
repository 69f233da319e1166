/** Keeps the environment of a task that a loop makes in a transaction. */
import * as Effect from "effect/Effect"
import type { CreationContext } from "../creation/createTask.ts"
import { storeEnvironment } from "../creation/storeEnvironment.ts"

/** What is kept for a transaction that is not stored after all belongs to nobody, and is cleared as what killed calls leave. */
export const keepForLoop =
  (root: string): CreationContext["saveEnvironment"] =>
  (id, requestId, env) =>
    Effect.asVoid(storeEnvironment(root, id, requestId, env))
