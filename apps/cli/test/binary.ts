/** The binary under test. */
import { join } from "node:path"

/** Its path. */
export const binary =
  process.env["BACKBEAT_BINARY"] ?? join(import.meta.dir, "..", "..", "..", "dist", "backbeat")
