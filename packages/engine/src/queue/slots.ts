/** How many tasks of a queue may run at once, and how many run. */
import type { Configuration } from "../configuration/configuration.ts"

/**
 * The configured concurrency of a queue, or null. A queue may be named like a property of every
 * object.
 */
export const concurrencyOf = ({ queues }: Configuration, queue: string): number | null =>
  Object.hasOwn(queues, queue) ? (queues[queue]?.concurrency ?? null) : null

/** The concurrency of a queue; unlimited unless configured. */
export const slotsOf = (configuration: Configuration, queue: string): number =>
  concurrencyOf(configuration, queue) ?? Number.POSITIVE_INFINITY

/** How many slots of a queue are taken. */
export const busyIn = (busy: Readonly<Record<string, number>>, queue: string): number =>
  Object.hasOwn(busy, queue) ? (busy[queue] ?? 0) : 0
