/** Classifies errors of agents by their words. */
import type { AgentErrorKind } from "@backbeat/core/task/AgentOutcome"
import type { ReportedError } from "../reading/AgentProgress.ts"

const byStatus: ReadonlyMap<number, AgentErrorKind> = new Map([
  [401, "auth"],
  [403, "auth"],
  [429, "rate_limit"],
  [529, "rate_limit"]
])

const limit = [
  /max(?:imum)?(?: number of)?(?: session)? turns/iu,
  /maximum budget/iu,
  /turn limit/iu
]

const rateLimit = [
  /(?:^|status|http|code|error)\W{0,4}(?:429|529)\b/iu,
  /rate.?limit|too many requests|quota|resource.?exhausted|overloaded|high demand/iu,
  /(?:usage|session|weekly|hour|hourly|daily|spend|spending) limit|limit reached|credit balance|out of credits/iu
]

const auth = [
  /(?:^|status|http|code|error)\W{0,4}(?:401|403)\b/iu,
  /unauthori[sz]ed|unauthenticated|authentication|invalid auth|not logged in|log ?in again|sign in again/iu,
  /(?:invalid|incorrect|missing|expired|wrong) (?:\S+ )?api.?key/iu,
  /api.?key (?:is )?(?:not valid|not set|not found|invalid|missing|expired|required)/iu,
  /(?:run|use) [`']?\S* ?\/?login/iu,
  /(?:token|credentials?|login)(?: (?:has|have|is|are|was))? (?:expired|revoked|invalid)/iu,
  /(?:missing environment variable: `?|must specify the )\w*(?:KEY|TOKEN)/iu
]

// The order matters: a quota error may also name the key, and a budget may contain any number.
const byWords: ReadonlyArray<readonly [AgentErrorKind, ReadonlyArray<RegExp>]> = [
  ["limit", limit],
  ["rate_limit", rateLimit],
  ["auth", auth]
]

/** The kind that the output names, else that of the HTTP status, else that of the message. */
export const classifyError = ({ kind, message, status }: ReportedError): AgentErrorKind =>
  kind ??
  (status === null ? undefined : byStatus.get(status)) ??
  byWords.find(([, shapes]) => shapes.some((words) => words.test(message)))?.[0] ??
  "error"
