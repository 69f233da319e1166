/**
 * The output of the bare command for a person: what is running, the last failures, and next steps.
 */
import { callEngine } from "@backbeat/client/callEngine"
import type { TypedCall } from "./commandLine.ts"
import { isExistingHome, outgoing, targetOf } from "./outgoing.ts"
import { print } from "./print.ts"

const live = ["running", "stopping", "retrying", "queued", "blocked"]

const tableOf = async (status: ReadonlyArray<string>, limit: number): Promise<string> => {
  const line: TypedCall = {
    kind: "call",
    operation: "list",
    payload: JSON.stringify({ status, limit }),
    argv: null,
    flags: { human: true },
    pretty: false,
    home: undefined
  }
  const response = await callEngine(await targetOf(line), await outgoing(line))
  const text = response === null ? "" : await response.text()
  return text.includes("\n") ? text : ""
}

const sections = async (root: string): Promise<ReadonlyArray<string>> => {
  if (!(await isExistingHome(root))) return ["No task is running."]
  const [running, failed] = [await tableOf(live, 10), await tableOf(["failed"], 3)]
  return [
    running === "" ? "No task is running." : running,
    ...(failed === "" ? [] : [`\nLast failures\n${failed}`])
  ]
}

const hints = `
backbeat start -- npm test        start a command in the background
backbeat list --human             all tasks; also status ID, logs ID, stop ID
backbeat help                     all operations and flags`

/** Prints it. Returns the exit code. */
export const overview = async (root: string): Promise<number> => {
  await print("stdout", `${[...(await sections(root)), hints].join("\n")}\n`)
  return 0
}
