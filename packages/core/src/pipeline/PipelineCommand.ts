/** What a pipeline can be told to do. */

/** An order for a pipeline that exists. */
export type PipelineCommand =
  /** Somebody wants it to end. */
  | { readonly type: "Cancel"; readonly reason: string | null }
  /** Some of its tasks are to run again: its end is decided anew. */
  | { readonly type: "Restart"; readonly reason: string | null }
  /** All of its tasks are final; `failed` is the first that did not end as it should. */
  | { readonly type: "Conclude"; readonly failed: string | null }
