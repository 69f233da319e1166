/** Runs the conformance suite on all TaskStores. */
import { join } from "node:path"
import { layerMemory } from "@backbeat/store/memory/layerMemory"
import { layerSqlite } from "@backbeat/store/sqlite/layerSqlite"
import { describeTaskStore } from "./TaskStore.conformance.ts"

describeTaskStore("memory", () => layerMemory)
describeTaskStore("SQLite", (folder) => layerSqlite({ path: join(folder, "backbeat.db") }))
describeTaskStore("SQLite with many writers", (folder) =>
  layerSqlite({ path: join(folder, "backbeat.db"), writers: "many" })
)
