/** All migrations by number. */
import { tasks } from "./0001_tasks.ts"

/** The migrations, keyed `<number>_<name>`. */
export const migrations = { "0001_tasks": tasks }

/** The number of the newest one: what a database is at after it was opened. */
export const newest = Math.max(...Object.keys(migrations).map((key) => Number.parseInt(key, 10)))
