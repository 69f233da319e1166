/** What holds the queued tasks of a queue back, for people: the pause, the slots, the resources. */
import { callOf, sentence, type Text } from "@backbeat/contract/Text"
import type { AdmissionLimit } from "@backbeat/core/queue/admit"
import { agentsQueue } from "@backbeat/core/queue/queueNames"
import type { Pause } from "@backbeat/store/QueueStore"

/** One thing that holds a queue back. `next` says what ends it. */
export interface Hold {
  readonly because: "paused" | "slots" | AdmissionLimit["because"]
  readonly message: string
  readonly next: Text
  readonly pause: Pause | null
}

/** A queue as it stands: how many slots it has (or Infinity), how many are taken, what admission holds back. */
export interface Standing {
  readonly queue: string
  readonly paused: Pause | null
  readonly slots: number
  readonly busy: number
  readonly held: AdmissionLimit | null
}

const mebibytes = (bytes: number): string => `${Math.round(bytes / 1_048_576)} MiB`

/** What admission says, with its numbers. */
const describeHeld = (held: AdmissionLimit): Pick<Hold, "message" | "next"> => {
  switch (held.because) {
    case "measuring":
      return {
        message: "CPU use is being measured",
        next: "The measurement takes a tenth of a second."
      }
    case "cpu":
      return {
        message: `CPU use is ${Math.round(held.cpuPercent)} %, and cpuThreshold is ${held.cpuThreshold} %`,
        next: `It starts when CPU use is below ${held.cpuThreshold} % (measured once a second), or when queue ${agentsQueue} has no running task.`
      }
    case "memory": {
      const parts = [
        `${mebibytes(held.availableBytes)} of memory is available`,
        ...(held.expectedBytes > 0
          ? [`tasks that have just started are expected to take ${mebibytes(held.expectedBytes)}`]
          : []),
        ...(held.nextBytes > 0
          ? [`the next task is expected to take ${mebibytes(held.nextBytes)}`]
          : []),
        `memoryReserve is ${mebibytes(held.reserveBytes)}`
      ]
      return {
        message: parts.join(", "),
        next: `It starts when there is enough memory (measured once a second), or when queue ${agentsQueue} has no running task.`
      }
    }
  }
}

/** What holds a queue back, what must end first before the others. */
export const holdsOf = (
  { queue, paused, slots, busy, held }: Standing,
  nameOf: (pause: Pause) => string
): ReadonlyArray<Hold> => {
  const holds: Array<Hold> = []
  if (paused !== null) {
    const reason = paused.reason === null ? "" : `: ${paused.reason}`
    const message = `queue ${queue} was paused by ${nameOf(paused)}${reason}`
    holds.push({
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
    holds.push({
      because: "slots",
      message,
      next: `It starts when a slot of queue ${queue} is free. P0 tasks start first.`,
      pause: null
    })
  }
  if (held !== null && queue === agentsQueue)
    holds.push({ because: held.because, ...describeHeld(held), pause: null })
  return holds
}
