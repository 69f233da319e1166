/** Queues that limit nothing although their name says that somebody wants them to. */
import { callText } from "@backbeat/contract/callText"
import { agentsQueue, defaultQueue } from "@backbeat/core/queue/queueNames"
import type { Configuration } from "../configuration/configuration.ts"
import { concurrencyOf } from "./slots.ts"

/** What is said of each of these queues for which nobody has set a limit. */
export const unlimitedQueues = (
  configuration: Configuration,
  queues: ReadonlyArray<string>
): ReadonlyArray<string> =>
  [...new Set(queues)]
    .filter(
      (queue) =>
        queue !== defaultQueue &&
        queue !== agentsQueue &&
        concurrencyOf(configuration, queue) === null
    )
    .map(
      (queue) =>
        `queue ${queue} has no limit: ${callText("queue set", { queue, concurrency: 1 })} sets one`
    )
