/** Puts an answer that is too large to be shown into a file. `logs` does this by itself, line by line. */
import { inlineMaxBytes } from "@backbeat/contract/Artifact"
import { failuresMaxCount } from "@backbeat/contract/Ends"
import type { Operation } from "@backbeat/contract/Operation"
import * as Predicate from "effect/Predicate"
import { beginArtifact } from "../home/artifact.ts"

/** What decides: the operation, the flag, and where the file goes. `now` is epoch milliseconds. */
export interface Showing {
  readonly root: string
  readonly operation: Operation
  readonly now: number
  readonly mode: "auto" | "inline" | "artifact"
}

const isRefused = (result: unknown): boolean => Predicate.hasProperty(result, "ok") && result.ok === false

const named = (thing: unknown) =>
  Predicate.hasProperty(thing, "id") && Predicate.hasProperty(thing, "status") ? { id: thing.id, status: thing.status } : undefined

/** What of the data is told beside the artifact: what a call has made, how many, and what was refused. */
const headOf = (data: unknown): object => {
  if (!Predicate.isObject(data)) return {}
  const { outcome, total, successCount, errorCount, counts, failures, results, pipeline, task } = Object(data)
  const refused = Array.isArray(results) ? results.filter(isRefused).slice(0, failuresMaxCount) : []
  const head = { outcome, total, successCount, errorCount, counts, failures, results: refused.length === 0 ? undefined : refused, pipeline: named(pipeline), task: named(task) }
  return Object.fromEntries(Object.entries(head).filter(([, value]) => value !== undefined))
}

/** The data itself, or a summary with the artifact. */
export const withArtifact = ({ root, operation, now, mode }: Showing, data: unknown): unknown => {
  if (!operation.flags.includes("output") || operation.name === "logs" || mode === "inline") return data
  const text = JSON.stringify(data)
  const sizeBytes = Buffer.byteLength(text)
  if (mode === "auto" && sizeBytes <= inlineMaxBytes) return data
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
    ...headOf(data),
    kind: "summary+artifact",
    summary: `The answer of ${operation.name} has ${sizeBytes} bytes.`,
    artifact: file.finish()
  }
}
