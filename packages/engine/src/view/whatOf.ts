/** The work of a task in one line. */
import { oneLine } from "@backbeat/contract/cutTask"
import { whatMaxCharacters } from "@backbeat/contract/LeanTask"
import type { Work } from "@backbeat/core/task/TaskSpec"

const textOf = (work: Work): string => {
  if (work.kind === "prompt") return work.prompt
  return work.kind === "script" ? work.script : [work.command, ...work.args].join(" ")
}

/** A command, script or prompt in one line. */
export const whatOf = (work: Work): string => oneLine(textOf(work), whatMaxCharacters)
