/** The kinds of aggregates that become due by time, one line each. */
import type { DueSource } from "./keepAggregatesDue.ts"

/** From the table of aggregates. Tasks have their own alarm entries. */
export const dueSources: ReadonlyArray<DueSource> = []
