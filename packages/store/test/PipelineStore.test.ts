/** Runs the conformance suite on all PipelineStores. */
import { join } from "node:path"
import { layerMemory } from "@backbeat/store/memory/layerMemory"
import { layerSqlite } from "@backbeat/store/sqlite/layerSqlite"
import { describePipelineStore } from "./PipelineStore.conformance.ts"

describePipelineStore("memory", () => layerMemory)
describePipelineStore("SQLite", (folder) => layerSqlite({ path: join(folder, "backbeat.db") }))
