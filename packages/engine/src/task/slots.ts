/** How many tasks of a queue may run at once. */
import type { Configuration } from "../home/configuration.ts"

/** The configured concurrency of a queue; every other queue starts everything at once. */
export const slotsOf = (configuration: Configuration, queue: string): number =>
  configuration.queues[queue]?.concurrency ?? Number.POSITIVE_INFINITY
