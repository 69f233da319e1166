/** What the judgement of a folder needs of the store: a look into a database that carries no mark. */
import type { Judging } from "@backbeat/engine/configuration/judgeFolder"

/** Loads the store only for a database of an earlier version. */
export const judging = (environment: Judging["environment"]): Judging => ({
  environment,
  hasOurTables: async (path) =>
    (await import("@backbeat/store/sqlite/hasOurTables")).hasOurTables(path)
})
