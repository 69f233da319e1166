/** Puts an answer that is too large to be shown into a file. `logs` does this by itself, line by line. */
import type { Operation } from "@backbeat/contract/Operation"
import { beginArtifact } from "../home/artifact.ts"

/** With `--output auto` an answer of more bytes than this becomes an artifact. */
const inlineMaxBytes = 1_048_576

/** What decides: the operation, the flag, and where the file goes. `now` is epoch milliseconds. */
export interface Showing {
  readonly root: string
  readonly operation: Operation
  readonly now: number
  readonly mode: "auto" | "inline" | "artifact"
}

/** The data itself, or a summary with the artifact. */
export const withArtifact = ({ root, operation, now, mode }: Showing, data: unknown): unknown => {
  if (!operation.flags.includes("output") || operation.name === "logs" || mode === "inline") return data
  const text = JSON.stringify(data)
  const sizeBytes = Buffer.byteLength(text)
  // What a start has made must be told, however long the scripts are that come back with it.
  if (mode === "auto" && (sizeBytes <= inlineMaxBytes || operation.batch)) return data
  const file = beginArtifact(
    root,
    {
      key: `${operation.name}.${now}`,
      label: `Answer of ${operation.name}`,
      kind: "json",
      fileName: `${operation.name.replaceAll(" ", "-")}-${now}.json`
    },
    now
  )
  file.write(text)
  return {
    kind: "summary+artifact",
    summary: `The answer of ${operation.name} has ${sizeBytes} bytes.`,
    artifact: file.finish()
  }
}
