/** The queues that are always there. Every other queue is made by being named. */

/** Starts everything at once, unless a concurrency is configured for it. */
export const defaultQueue = "default"

/** Admits by the machine's resources. */
export const agentsQueue = "agents"
