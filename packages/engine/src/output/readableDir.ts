/** The folders with the output of an attempt for people. */
import type { Task } from "@backbeat/core/task/Task"
import { existsSync } from "../system/files.ts"
import { attemptDir } from "../home/Home.ts"
import { join } from "node:path"
import { outputPath } from "./OutputStream.ts"

/**
 * The folder with an attempt's text for people, below its own. Standard error is the same file in
 * both.
 */
export const textDir = (dir: string): string => join(dir, "text")

/** The folder with the streams for people: for an agent the text of its events, if it exists. */
export const readableDir = (root: string, { id, spec }: Task, attempt: number): string => {
  const dir = attemptDir(root, id, attempt)
  return spec.work.kind === "prompt" && existsSync(outputPath(textDir(dir), "stdout"))
    ? textDir(dir)
    : dir
}
