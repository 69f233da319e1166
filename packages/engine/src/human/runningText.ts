/** Formats what a running task does now, for people. */
import type { Running } from "@backbeat/contract/operation/read"
import { visible } from "./layOut.ts"
import { type Clock, when } from "./times.ts"

const mebibyte = 1_048_576

/** An amount of memory for people. */
export const memoryText = (bytes: number): string => `${Math.round(bytes / mebibyte)} MiB`

/** The resource use and last line of a task, then its processes. */
export const runningText = (running: typeof Running.Type, clock: Clock): ReadonlyArray<string> => {
  const { cpuPercent, lastLine, memoryBytes, processes, processesMore, silentSince } = running
  const uses = [
    ...(cpuPercent === undefined ? [] : [`${cpuPercent} % of a core`]),
    ...(memoryBytes === undefined ? [] : [memoryText(memoryBytes)]),
    silentSince === undefined ? "no output yet" : `silent since ${when(silentSince, clock)}`
  ]
  return [
    `now ${uses.join(", ")}`,
    ...(lastLine === undefined ? [] : [`  last line: ${visible(lastLine)}`]),
    ...processes.map((each) => `  ${visible(each)}`),
    ...(processesMore === undefined ? [] : [`  and ${processesMore} more processes`])
  ]
}
