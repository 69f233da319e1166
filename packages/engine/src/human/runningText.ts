/** What a running task does now, as lines for people. */
import type { Running } from "@backbeat/contract/operation/read"
import { visible } from "./layOut.ts"
import { type Clock, when } from "./times.ts"

const mebibyte = 1_048_576

/** Memory for people. */
export const memoryText = (bytes: number): string => `${Math.round(bytes / mebibyte)} MiB`

/** Its use of the machine and its last line, then its processes. */
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
