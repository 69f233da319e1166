/** The commands to a pipeline, from which `decide` makes events. */

/** A command to an existing pipeline. */
export type PipelineCommand =
  /** A caller cancels it. */
  | { readonly type: "Cancel"; readonly reason: string | null }
  /** Some of its tasks are run again, so it is no longer ended. */
  | { readonly type: "Restart"; readonly reason: string | null }
  /**
   * All of its tasks have ended. `failed` is the first that fails the pipeline, null if none does.
   */
  | { readonly type: "Conclude"; readonly failed: string | null }
