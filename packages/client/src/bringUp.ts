/** Brings an engine up, or waits for the one that another caller is bringing up at this moment. */
import { noticeName, socketName } from "@backbeat/contract/protocol"
import { constants, readFileSync, statSync, watch } from "node:fs"
import { type Starting, startEngine } from "./startEngine.ts"
import { NotStarted, unreachable } from "./Unreachable.ts"

/** Longer than an engine needs to begin; one that died on the way leaves no event. */
const patienceMs = 1000

/** Whether there is a home. */
export const isThere = (root: string): boolean =>
  statSync(root, { throwIfNoEntry: false }) !== undefined

/** Loaded here alone: it costs as much as a call, and the caller that starts the engine does without. */
const accepts = async (path: string): Promise<boolean> => {
  const { connect } = await import("node:net")
  return new Promise((resolve) => {
    const socket = connect({ path })
    socket.once("connect", () => {
      socket.destroy()
      resolve(true)
    })
    socket.once("error", () => resolve(false))
  })
}

/** Whether the newest notice says that an engine has let go of the home: then nobody is about to serve it. */
const saysEnded = (root: string): boolean => {
  try {
    return readFileSync(`${root}/${noticeName}`, {
      encoding: "utf8",
      flag: constants.O_RDONLY | constants.O_NONBLOCK
    }).includes('"state":"ended"')
  } catch {
    return false
  }
}

/** The same of a moment ago. */
const hasJustEnded = (root: string): boolean => {
  try {
    return Date.now() - statSync(`${root}/${noticeName}`).mtimeMs < patienceMs && saysEnded(root)
  } catch {
    return false
  }
}

/** How often a home is looked at, in milliseconds, where the system refuses a watch (inotify limits). */
const lookEveryMs = 50

/** Calls `changed` at each change of a file in the folder, or `look` now and then where it cannot be watched; null when it is not there. */
const watchIfThere = (
  folder: string,
  changed: (name: string | null) => void,
  look: () => void
): (() => void) | null => {
  try {
    const watcher = watch(folder, (_, name) => changed(name))
    return () => watcher.close()
  } catch {
    if (!isThere(folder)) return null
    const timer = setInterval(look, lookEveryMs)
    return () => clearInterval(timer)
  }
}

/** Ends when an engine of the home leaves its notice or serves already, at most `patienceMs` later; of one that ended only when `endCounts`. */
const awaitNotice = (root: string, endCounts: boolean): Promise<void> =>
  new Promise((resolve) => {
    const look = () => {
      // Looked at behind the watch: what came in between has no event.
      if (endCounts && hasJustEnded(root)) return finish()
      void accepts(`${root}/${socketName}`).then((served) => (served ? finish() : undefined))
    }
    const unwatch = watchIfThere(
      root,
      (name) => {
        if (name === noticeName && (endCounts || !saysEnded(root))) finish()
      },
      look
    )
    // A home that was removed a moment ago is made anew by whoever calls again.
    if (unwatch === null) return resolve()
    const timer = setTimeout(() => finish(), patienceMs)
    const finish = () => {
      clearTimeout(timer)
      unwatch()
      resolve()
    }
    look()
  })

/** How often an engine may die while it begins before it is called broken. */
const startsAtMost = 3

/** Waits for the engine of another version, whose caller starts it at this moment: it is not to be raced for the home. */
export const awaitSuccessor = (root: string): Promise<void> => awaitNotice(root, false)

/** Ends when it is worth calling again. Throws Unreachable. */
export const bringUp = async (
  engineCommand: ReadonlyArray<string>,
  place: Starting
): Promise<void> => {
  for (let starts = 1; ; starts++) {
    const begun = await startEngine(engineCommand, place)
    if (begun === "ready") return
    if (begun === "elsewhere") return awaitNotice(place.root, true)
    if (starts === startsAtMost) {
      const { problem } = unreachable(
        "the engine exited during its start",
        `Read ${place.root}/engine.log.`,
        { home: place.root }
      )
      throw new NotStarted(problem)
    }
  }
}
