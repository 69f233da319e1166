/** The SessionStore in SQL. */
import { Usage } from "@backbeat/core/task/AgentWork"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import { SessionStore } from "../SessionStore.ts"
import { SqlDatabase } from "./SqlDatabase.ts"

const UsageText = Schema.fromJsonString(Usage)
const encodeUsage = Schema.encodeSync(UsageText)
const decodeUsage = Schema.decodeUnknownEffect(UsageText)

/** The SessionStore in an open database. */
export const layerSessionStore = Layer.effect(
  SessionStore,
  Effect.map(SqlDatabase, ({ sql, withStoreErrors }) =>
    SessionStore.of({
      note: ({ agent, id }, at, used) =>
        Effect.asVoid(
          withStoreErrors(sql`
          INSERT INTO sessions ${sql.insert({ agent, id, noted_at: at, used: encodeUsage(used) })}
          ON CONFLICT (agent, id) DO UPDATE SET noted_at = excluded.noted_at, used = excluded.used`)
        ),
      used: ({ agent, id }, until) =>
        Effect.flatMap(
          withStoreErrors(
            sql<{
              used: string
            }>`SELECT used FROM sessions WHERE agent = ${agent} AND id = ${id} AND noted_at <= ${until}`
          ),
          ([row]) =>
            row === undefined ? Effect.succeed(null) : Effect.orDie(decodeUsage(row.used))
        ),
      forget: (before) =>
        Effect.asVoid(withStoreErrors(sql`DELETE FROM sessions WHERE noted_at < ${before}`))
    })
  )
)
