/**
 * What keeps the tasks of a queue from starting, as text for people: a pause, the slots, the
 * resources.
 */
import { callOf, sentence, type Text } from "@backbeat/contract/Text"
import type { AdmissionLimit } from "@backbeat/core/queue/admit"
import { agentsQueue } from "@backbeat/core/queue/queueNames"
import type { Pause } from "@backbeat/store/QueueStore"

/** One reason why a queue starts nothing. `next` says what ends it. */
export interface QueueBlocker {
  readonly because: "paused" | "slots" | AdmissionLimit["because"]
  readonly message: string
  readonly next: Text
  readonly pause: Pause | null
}

/**
 * The state of a queue: its slots (or Infinity), how many are taken, and the limit by which
 * admission holds tasks back.
 */
export interface QueueState {
  readonly queue: string
  readonly paused: Pause | null
  readonly slots: number
  readonly busy: number
  readonly limitedBy: AdmissionLimit | null
}

const mebibytes = (bytes: number): string => `${Math.round(bytes / 1_048_576)} MiB`

/** Describes a limit of admission, with its numbers. */
const describeLimit = (limit: AdmissionLimit): Pick<QueueBlocker, "message" | "next"> => {
  switch (limit.because) {
    case "measuring":
      return {
        message: "CPU use is being measured",
        next: "The measurement takes a tenth of a second."
      }
    case "cpu":
      return {
        message: `CPU use is ${Math.round(limit.cpuPercent)} %, and cpuThreshold is ${limit.cpuThreshold} %`,
        next: `It starts when CPU use is below ${limit.cpuThreshold} % (measured once a second), or when queue ${agentsQueue} has no running task.`
      }
    case "memory": {
      const parts = [
        `${mebibytes(limit.availableBytes)} of memory is available`,
        ...(limit.expectedBytes > 0
          ? [`tasks that have just started are expected to take ${mebibytes(limit.expectedBytes)}`]
          : []),
        ...(limit.nextBytes > 0
          ? [`the next task is expected to take ${mebibytes(limit.nextBytes)}`]
          : []),
        `memoryReserve is ${mebibytes(limit.reserveBytes)}`
      ]
      return {
        message: parts.join(", "),
        next: `It starts when there is enough memory (measured once a second), or when queue ${agentsQueue} has no running task.`
      }
    }
  }
}

/** The reasons why a queue starts nothing, in the order in which they must end. */
export const queueBlockers = (
  { queue, paused, slots, busy, limitedBy }: QueueState,
  nameOf: (pause: Pause) => string
): ReadonlyArray<QueueBlocker> => {
  const blockers: Array<QueueBlocker> = []
  if (paused !== null) {
    const reason = paused.reason === null ? "" : `: ${paused.reason}`
    const message = `queue ${queue} was paused by ${nameOf(paused)}${reason}`
    blockers.push({
      because: "paused",
      message,
      next: sentence`Resume the queue: ${callOf("queue resume", { queue })}`,
      pause: paused
    })
  }
  if (busy >= slots) {
    const message =
      slots === 1
        ? `the only slot of queue ${queue} is taken`
        : `${busy} of ${slots} slots of queue ${queue} are taken`
    blockers.push({
      because: "slots",
      message,
      next: `It starts when a slot of queue ${queue} is free. P0 tasks start first.`,
      pause: null
    })
  }
  if (limitedBy !== null && queue === agentsQueue)
    blockers.push({ because: limitedBy.because, ...describeLimit(limitedBy), pause: null })
  return blockers
}
