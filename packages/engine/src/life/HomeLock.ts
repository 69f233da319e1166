/** The lock of the home, for those inside of the engine that must not act without it. */
import * as Context from "effect/Context"
import type { Election } from "./election.ts"

/** Tells whether the home is still this engine's. */
export class HomeLock extends Context.Service<HomeLock, Omit<Election, "resign">>()(
  "@backbeat/engine/HomeLock"
) {}
