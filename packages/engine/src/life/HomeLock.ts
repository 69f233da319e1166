/** The lock of the home, for code in the engine that must not act without it. */
import * as Context from "effect/Context"
import type { LockHandle } from "./acquireHomeLock.ts"

/** Whether this engine still owns the home. */
export class HomeLock extends Context.Service<HomeLock, Omit<LockHandle, "release">>()(
  "@backbeat/engine/HomeLock"
) {}
