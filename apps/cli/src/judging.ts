/**
 * The input for judging a folder: the user's home directory, and a check of databases without an
 * application id.
 */
import { userFolder } from "@backbeat/client/Home"
import type { Judging } from "@backbeat/engine/configuration/judgeFolder"

/** Loads the store only for a database of an earlier version. */
export const judging = (environment: Judging["environment"]): Judging => ({
  environment,
  userFolder: () => userFolder(environment),
  hasOurTables: async (path) =>
    (await import("@backbeat/store/sqlite/hasOurTables")).hasOurTables(path)
})
