/** Writes an answer that is too large into an artifact. `logs` does this itself, line by line. */
import { type Artifact, inlineMaxBytes } from "@backbeat/contract/Artifact"
import { failuresMaxCount } from "@backbeat/contract/Ends"
import type { Operation } from "@backbeat/contract/Operation"
import * as Predicate from "effect/Predicate"
import { beginArtifact } from "../home/artifact.ts"

/** The operation, the flag, and where the file goes. `now` is epoch milliseconds. */
export interface Showing {
  readonly root: string
  readonly operation: Operation
  readonly now: number
  readonly mode: "auto" | "inline" | "artifact"
}

const isRefused = (result: unknown): boolean =>
  Predicate.hasProperty(result, "ok") && result.ok === false

const named = (thing: unknown) =>
  Predicate.hasProperty(thing, "id") && Predicate.hasProperty(thing, "status")
    ? { id: thing.id, status: thing.status }
    : undefined

/** The data shown beside the artifact: what the call created, how many, and what was rejected. */
const headOf = (data: unknown): object => {
  if (!Predicate.isObject(data)) return {}
  const { outcome, total, successCount, errorCount, counts, failures, results, pipeline, task } =
    Object(data)
  const refused = Array.isArray(results) ? results.filter(isRefused).slice(0, failuresMaxCount) : []
  const head = {
    outcome,
    total,
    successCount,
    errorCount,
    counts,
    failures,
    results: refused.length === 0 ? undefined : refused,
    pipeline: named(pipeline),
    task: named(task)
  }
  return Object.fromEntries(Object.entries(head).filter(([, value]) => value !== undefined))
}

/** Writes the text to a file of the home; null if that fails. */
const written = ({ root, operation: { name }, now }: Showing, text: string): Artifact | null => {
  try {
    const file = beginArtifact(
      root,
      {
        key: `${name}.${now}`,
        label: `Answer of ${name}`,
        kind: "json",
        fileName: `${name.replaceAll(" ", "-")}-${now}.json`
      },
      now
    )
    try {
      file.write(text)
      return file.finish()
    } finally {
      file.discard()
    }
  } catch {
    return null
  }
}

/**
 * The data itself, or a summary with the artifact. If no file can be written, the data is still
 * returned.
 */
export const withArtifact = (showing: Showing, data: unknown): unknown => {
  const { operation, mode } = showing
  if (!operation.flags.includes("output") || operation.ownArtifact === true || mode === "inline")
    return data
  const text = JSON.stringify(data)
  const sizeBytes = Buffer.byteLength(text)
  if (mode === "auto" && sizeBytes <= inlineMaxBytes) return data
  const artifact = written(showing, text)
  if (artifact === null) return data
  return {
    ...headOf(data),
    kind: "summary+artifact",
    summary: `The answer of ${operation.name} has ${sizeBytes} bytes.`,
    artifact
  }
}
