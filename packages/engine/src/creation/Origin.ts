/**
 * The origin of a new task or pipeline. A caller's request is one kind of origin. Other sources of
 * tasks (a schedule, a loop, a browser, another machine) give the same facts.
 */
import type { Actor } from "@backbeat/core/history/Actor"
import type { Batch, Lineage, ProcessLimits, Source } from "@backbeat/core/task/TaskSpec"
import type { Owner } from "@backbeat/core/identity/Owner"
import type { Variables } from "../home/TaskEnvironment.ts"

/** Where a new task or pipeline comes from. */
export interface Origin {
  readonly actor: Actor
  /** The owner. Each part of the request adds its own request id. */
  readonly owner: Omit<Owner, "requestId">
  /**
   * Identifies the request. A repeated request creates nothing twice. The id is part of a file's
   * name.
   */
  readonly requestId: string
  /** When the request was made (epoch ms). Generated ids depend only on this and on `requestId`. */
  readonly requestedAt: number
  /** Whether the request may be a repetition. */
  readonly repeated: boolean
  /** The id of the home that creates it; null if it has none yet. */
  readonly machine: string | null
  readonly cwd: string
  readonly umask: number
  readonly environment: Variables
  /** The soft limits and nice value for its tasks; null to use those of the engine. */
  readonly processLimits: ProcessLimits | null
  /** Limits how many of its tasks run at the same time. */
  readonly batch: Batch | null
  /** The aggregate that makes it; absent for what a caller asks for. */
  readonly source?: Source
}

/** The lineage fields that all tasks of an origin share. */
export const lineageOf = ({
  batch,
  machine,
  source
}: Origin): Pick<Lineage, "batch" | "machine" | "source"> => ({
  ...(batch === null ? {} : { batch }),
  ...(source === undefined ? {} : { source }),
  ...(machine === null ? {} : { machine })
})

/**
 * The owner of one part of a request. A session that the part names replaces that of the origin.
 */
export const ownerOf = (
  { owner, requestId }: Origin,
  index: number,
  sessionId: string | null = null
): Owner & { readonly requestId: string } => {
  const { terminal, ...own } = owner
  const session = sessionId ?? own.sessionId
  return {
    ...own,
    sessionId: session,
    requestId: `${requestId}#${index}`,
    ...(session !== null || terminal === undefined ? {} : { terminal })
  }
}
