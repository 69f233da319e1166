/** All migrations by number. */
import { tasks } from "./0001_tasks.ts"
import { dependencies } from "./0002_dependencies.ts"
import { queues } from "./0003_queues.ts"
import { pipelines } from "./0004_pipelines.ts"
import { requests } from "./0005_requests.ts"
import { sessions } from "./0006_sessions.ts"
import { ids } from "./0007_ids.ts"
import { home } from "./0008_home.ts"
import { batches } from "./0009_batches.ts"
import { aggregates } from "./0010_aggregates.ts"
import { workKeys } from "./0011_work_keys.ts"
import { ticks } from "./0012_ticks.ts"
import { sources } from "./0013_sources.ts"

/** The migrations, keyed `<number>_<name>`. */
export const migrations = {
  "0001_tasks": tasks,
  "0002_dependencies": dependencies,
  "0003_queues": queues,
  "0004_pipelines": pipelines,
  "0005_requests": requests,
  "0006_sessions": sessions,
  "0007_ids": ids,
  "0008_home": home,
  "0009_batches": batches,
  "0010_aggregates": aggregates,
  "0011_work_keys": workKeys,
  "0012_ticks": ticks,
  "0013_sources": sources
}

/** The number of the newest migration, which every opened database has. */
export const newest = Math.max(...Object.keys(migrations).map((key) => Number.parseInt(key, 10)))
