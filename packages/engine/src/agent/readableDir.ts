/** Where the output of an attempt is that people read. */
import type { Task } from "@backbeat/core/task/Task"
import { existsSync } from "node:fs"
import { attemptDir } from "../home/Home.ts"
import { outputPath } from "../output/OutputStream.ts"
import { textDir } from "./AgentOutput.ts"

/** The folder with the streams for people: an agent's events are kept as text beside them, unless nobody could read them. */
export const readableDir = (root: string, { id, spec }: Task, attempt: number): string => {
  const dir = attemptDir(root, id, attempt)
  return spec.work.kind === "prompt" && existsSync(outputPath(textDir(dir), "stdout"))
    ? textDir(dir)
    : dir
}
