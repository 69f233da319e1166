/** Queues that limit nothing although their name says that somebody wants them to. */
import { type Surface, writeHint } from "@backbeat/contract/surface/Surface"
import { callOf, firstOf, sentence } from "@backbeat/contract/Text"
import { agentsQueue, defaultQueue } from "@backbeat/core/queue/queueNames"
import type { Configuration } from "../configuration/configuration.ts"
import { concurrencyOf } from "./slots.ts"

/** The warning of each of these queues for which nobody has set a limit, as a surface writes it. */
export const unlimitedQueues = (
  configuration: Configuration,
  queues: ReadonlyArray<string>,
  surface: Surface
): ReadonlyArray<string> =>
  [...new Set(queues)]
    .filter(
      (queue) =>
        queue !== defaultQueue &&
        queue !== agentsQueue &&
        concurrencyOf(configuration, queue) === null
    )
    .map((queue) => {
      const set = callOf("queue set", { queue, concurrency: 1 })
      const told = `queue ${queue} has no limit`
      return writeHint(firstOf(sentence`${told}: ${set} sets one`, told), surface)
    })
