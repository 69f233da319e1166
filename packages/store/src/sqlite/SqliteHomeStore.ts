/** The HomeStore on SQLite. */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { type HomeRecord, HomeStore } from "../HomeStore.ts"
import { peekSqlite } from "./SqliteClient.ts"
import { SqlDatabase } from "../sql/SqlDatabase.ts"

/** The HomeStore in an open database. */
export const layerHomeStore = Layer.effect(
  HomeStore,
  Effect.map(SqlDatabase, ({ sql, withStoreErrors }) =>
    HomeStore.of({
      find: withStoreErrors(
        Effect.map(
          sql<HomeRecord>`SELECT id, device, inode, path FROM home WHERE slot = 1`,
          ([row]) => row ?? null
        )
      ),
      write: (record) =>
        Effect.asVoid(
          withStoreErrors(sql`
          INSERT INTO home ${sql.insert({ slot: 1, ...record })}
          ON CONFLICT (slot) DO UPDATE SET id = excluded.id, device = excluded.device, inode = excluded.inode, path = excluded.path`)
        ),
      idAt: (path) =>
        peekSqlite(path, (values) => values("SELECT id FROM home")).pipe(
          Effect.map(([row]) => (typeof row?.[0] === "string" ? row[0] : null)),
          Effect.orElseSucceed(() => null)
        )
    })
  )
)
