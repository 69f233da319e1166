/**
 * On whose behalf something is created. A caller's request is one kind of origin; whatever else makes tasks (a schedule, a loop, a browser,
 * another machine) gives the same facts.
 */
import type { Actor } from "@backbeat/core/task/Actor"
import type { Batch, Owner, ProcessLimits } from "@backbeat/core/task/TaskSpec"
import type { Variables } from "../home/TaskEnvironment.ts"

/** Where a new task or pipeline comes from. */
export interface Origin {
  readonly actor: Actor
  /** Whose it is. The id of the request is added for each part of it. */
  readonly owner: Omit<Owner, "requestId">
  /** Names the request: what it makes is made once, also when it comes again. It becomes part of a file's name. */
  readonly requestId: string
  /** When it was made (epoch ms). Ids of what it makes follow from this and `requestId` alone. */
  readonly requestedAt: number
  /** Whether it may have been heard before. */
  readonly repeated: boolean
  /** The id of the home that makes it; null where it has none yet. */
  readonly machine: string | null
  readonly cwd: string
  readonly umask: number
  readonly environment: Variables
  /** The soft limits and the nice value that its tasks get; null for those of the engine. */
  readonly processLimits: ProcessLimits | null
  /** Limits how many of its tasks run at a time. */
  readonly batch: Batch | null
}

/** What the tasks of an origin have in their lineage. */
export const lineageOf = ({
  batch,
  machine
}: Origin): { readonly batch?: Batch; readonly machine?: string } => ({
  ...(batch === null ? {} : { batch }),
  ...(machine === null ? {} : { machine })
})

/** Whose one part of a request is. A session that the part names counts more than that of the origin. */
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
