/** The notifications of a task. */
import * as Schema from "effect/Schema"
import { NonEmptyText } from "./Text.ts"

/**
 * When and how to notify: by a shell command (facts in its environment), a webhook (POST of JSON),
 * or both.
 */
export const Notify = Schema.Struct({
  onEnd: Schema.optionalKey(Schema.Boolean.annotate({ description: "when it has ended" })),
  onReady: Schema.optionalKey(
    Schema.Boolean.annotate({ description: "when its probe first succeeds" })
  ),
  onLog: Schema.optionalKey(
    NonEmptyText.annotate({
      description: "when a line of its output matches this regular expression"
    })
  ),
  command: Schema.optionalKey(
    NonEmptyText.annotate({ description: "a shell command, the facts in its environment" })
  ),
  webhook: Schema.optionalKey(
    Schema.String.check(
      Schema.isPattern(/^https?:\/\/[^\s\0]+$/u, { message: "expected an http:// or https:// URL" })
    ).annotate({ description: "a URL that the facts are posted to as JSON" })
  )
})
export type Notify = typeof Notify.Type
