/** Where the output of an attempt is that people read. */
import type { Task } from "@backbeat/core/task/Task"
import { existsSync } from "../system/files.ts"
import { attemptDir } from "../home/Home.ts"
import { join } from "node:path"
import { outputPath } from "./OutputStream.ts"

/** The folder below an attempt's own in which its text for people is; standard error is the same file in both. */
export const textDir = (dir: string): string => join(dir, "text")

/** The folder with the streams for people: an agent's events are kept as text beside them, unless nobody could read them. */
export const readableDir = (root: string, { id, spec }: Task, attempt: number): string => {
  const dir = attemptDir(root, id, attempt)
  return spec.work.kind === "prompt" && existsSync(outputPath(textDir(dir), "stdout"))
    ? textDir(dir)
    : dir
}
