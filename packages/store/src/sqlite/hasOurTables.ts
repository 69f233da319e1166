/** Recognizes databases of backbeat by their tables. */
import * as Effect from "effect/Effect"
import { peekSqlite } from "./SqliteClient.ts"

const ours = ["migrations", "tasks", "events"]

/**
 * Whether the file has backbeat's tables, or no tables yet; null if it cannot be read. Writes
 * nothing.
 */
export const hasOurTables = (path: string): Promise<boolean | null> =>
  peekSqlite(path, (values) =>
    values("SELECT name FROM sqlite_master WHERE type = 'table'").map(([name]) => name)
  ).pipe(
    Effect.map((names) => names.length === 0 || ours.every((name) => names.includes(name))),
    Effect.orElseSucceed(() => null),
    Effect.runPromise
  )
