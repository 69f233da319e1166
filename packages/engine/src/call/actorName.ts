/** Names an actor in a sentence. */
import type { Actor } from "@backbeat/core/history/Actor"

/** A name such as `a caller (cli, pid 7)`, or the kind of any other actor. */
export const actorName = ({ kind, client, pid, sessionId }: Actor): string => {
  if (kind !== "caller") return kind
  const who = [
    client,
    pid === undefined ? undefined : `pid ${pid}`,
    sessionId === undefined ? undefined : `session ${sessionId}`
  ]
  return `a caller (${who.filter((each) => each !== undefined).join(", ")})`
}
