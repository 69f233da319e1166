/** Every TaskStore conforms. */
import { join } from "node:path"
import { layerMemory } from "@backbeat/store/memory/MemoryTaskStore"
import { layerSqlite } from "@backbeat/store/sqlite/SqliteTaskStore"
import { describeTaskStore } from "./TaskStore.conformance.ts"

describeTaskStore("memory", () => layerMemory)
describeTaskStore("SQLite", (folder) => layerSqlite({ path: join(folder, "backbeat.db") }))
