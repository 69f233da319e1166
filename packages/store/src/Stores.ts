/** All ports. Their implementations share one database and its transactions. */
import type { AggregateStore } from "./AggregateStore.ts"
import type { Database } from "./Database.ts"
import type { Disk } from "./Disk.ts"
import type { History } from "./History.ts"
import type { HomeStore } from "./HomeStore.ts"
import type { IdStore } from "./IdStore.ts"
import type { PipelineStore } from "./PipelineStore.ts"
import type { QueueStore } from "./QueueStore.ts"
import type { RequestStore } from "./RequestStore.ts"
import type { SessionStore } from "./SessionStore.ts"
import type { TaskStore } from "./TaskStore.ts"
import type { TickStore } from "./TickStore.ts"

/** All ports of an engine's storage. */
export type Stores =
  | Database
  | Disk
  | History
  | TaskStore
  | QueueStore
  | AggregateStore
  | PipelineStore
  | TickStore
  | RequestStore
  | SessionStore
  | IdStore
  | HomeStore
