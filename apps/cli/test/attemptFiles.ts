/** The folder of an attempt in the home of a test, and its files by what they are: the one place where tests of the binary name them. */
import { attemptDir } from "@backbeat/engine/home/Home"
import { recordPath } from "@backbeat/engine/process/AttemptRecord"

/** The folder of an attempt; by itself the first. */
export const attemptIn = (home: string, id: string, attempt = 1): string =>
  attemptDir(home, id, attempt)

/** The file of its claim and its end. */
export const recordIn = (home: string, id: string, attempt = 1): string =>
  recordPath(attemptIn(home, id, attempt))
