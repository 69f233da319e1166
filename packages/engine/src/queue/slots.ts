/** How many tasks of a queue may run at once, and how many do. */
import type { Configuration } from "../configuration/configuration.ts"

/** The configured concurrency of a queue, or null. A queue may have the name of anything that every object has. */
export const concurrencyOf = ({ queues }: Configuration, queue: string): number | null =>
  Object.hasOwn(queues, queue) ? (queues[queue]?.concurrency ?? null) : null

/** The configured concurrency of a queue; every other queue starts everything at once. */
export const slotsOf = (configuration: Configuration, queue: string): number =>
  concurrencyOf(configuration, queue) ?? Number.POSITIVE_INFINITY

/** How many slots of a queue are taken. */
export const busyIn = (busy: Readonly<Record<string, number>>, queue: string): number =>
  Object.hasOwn(busy, queue) ? (busy[queue] ?? 0) : 0
