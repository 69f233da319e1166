/** The lock of the home, for those inside of the engine that must not act without it. */
import * as Context from "effect/Context"
import type { LockHandle } from "./acquireHomeLock.ts"

/** Tells whether the home is still this engine's. */
export class HomeLock extends Context.Service<HomeLock, Omit<LockHandle, "resign">>()(
  "@backbeat/engine/HomeLock"
) {}
