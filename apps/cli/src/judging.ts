/** What the judgement of a folder needs of others: where the user's files are, and a look into a database that carries no mark. */
import { userFolder } from "@backbeat/client/Home"
import type { Judging } from "@backbeat/engine/configuration/judgeFolder"

/** Loads the store only for a database of an earlier version. */
export const judging = (environment: Judging["environment"]): Judging => ({
  environment,
  userFolder: () => userFolder(environment),
  hasOurTables: async (path) =>
    (await import("@backbeat/store/sqlite/hasOurTables")).hasOurTables(path)
})
