/** The time and the cause of an event. */
import type { Actor } from "./Actor.ts"

/** An event's instant (epoch milliseconds) and cause. */
export interface Occasion {
  readonly at: number
  readonly actor: Actor
}
