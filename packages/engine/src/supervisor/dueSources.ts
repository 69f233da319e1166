/** The aggregates of which something is due by itself. One line for each kind. */
import type { DueSource } from "./keepAggregatesDue.ts"

/** From the table of aggregates; tasks have their own alarm entries. */
export const dueSources: ReadonlyArray<DueSource> = []
