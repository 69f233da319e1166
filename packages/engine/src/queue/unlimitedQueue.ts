/** Warns about queues without a limit. A caller that names a queue usually expects one. */
import { type Surface, writeHint } from "@backbeat/contract/surface/Surface"
import { callOf, firstOf, sentence } from "@backbeat/contract/Text"
import { agentsQueue, defaultQueue } from "@backbeat/core/queue/queueNames"
import type { Configuration } from "../configuration/configuration.ts"
import { concurrencyOf } from "./slots.ts"

/** The warnings for those of the queues that have no limit, as a surface writes them. */
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
      const warning = `queue ${queue} has no limit`
      return writeHint(firstOf(sentence`${warning}: ${set} sets one`, warning), surface)
    })
