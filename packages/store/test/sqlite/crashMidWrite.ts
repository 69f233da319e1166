/**
 * A program that is killed during a transaction with a rollback journal, after it wrote pages to
 * the file.
 */
import { Database } from "bun:sqlite"

const db = new Database(process.argv[2] ?? "")
db.run("PRAGMA journal_mode = DELETE")
db.run("PRAGMA cache_size = 1")
db.run("BEGIN")
db.run("CREATE TABLE half (content BLOB)")
for (let row = 0; row < 200; row++) db.run("INSERT INTO half VALUES (zeroblob(4000))")
db.run("DELETE FROM migrations")
process.kill(process.pid, "SIGKILL")
