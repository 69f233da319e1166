/** The built-in queues. Any other queue exists as soon as a task names it. */

/** Starts tasks at once, unless a concurrency is configured. */
export const defaultQueue = "default"

/** Admits tasks by the free resources of the machine. */
export const agentsQueue = "agents"
