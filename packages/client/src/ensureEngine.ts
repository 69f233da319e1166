/** Starts an engine, or waits for the one that another caller is starting. */
import { noticeName, socketName } from "@backbeat/contract/protocol"
import { constants, readFileSync, statSync, watch } from "node:fs"
import { type StartOptions, startEngine } from "./startEngine.ts"
import { NotStarted, unreachable } from "./Unreachable.ts"

/** Longer than an engine needs to start. An engine that dies during its start causes no event. */
const patienceMs = 1000

/** Whether the home exists. */
export const homeExists = (root: string): boolean =>
  statSync(root, { throwIfNoEntry: false }) !== undefined

/**
 * Whether the socket accepts connections. `node:net` is loaded only here: that costs as much as a
 * call.
 */
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

/**
 * Whether the newest notice says that the engine has released the home, so that none is about to
 * serve it.
 */
const noticeSaysEnded = (root: string): boolean => {
  try {
    return readFileSync(`${root}/${noticeName}`, {
      encoding: "utf8",
      flag: constants.O_RDONLY | constants.O_NONBLOCK
    }).includes('"state":"ended"')
  } catch {
    return false
  }
}

/** Whether that notice was written a moment ago. */
const hasJustEnded = (root: string): boolean => {
  try {
    return (
      Date.now() - statSync(`${root}/${noticeName}`).mtimeMs < patienceMs && noticeSaysEnded(root)
    )
  } catch {
    return false
  }
}

/**
 * How often a home is checked, in milliseconds, if the system rejects a file watch (inotify
 * limits).
 */
const checkEveryMs = 50

/**
 * Calls `changed` at each change of a file in the folder, or `check` regularly if it cannot be
 * watched. Returns null if the folder does not exist.
 */
const watchIfExists = (
  folder: string,
  changed: (name: string | null) => void,
  check: () => void
): (() => void) | null => {
  try {
    const watcher = watch(folder, (_, name) => changed(name))
    return () => watcher.close()
  } catch {
    if (!homeExists(folder)) return null
    const timer = setInterval(check, checkEveryMs)
    return () => clearInterval(timer)
  }
}

/**
 * Resolves when an engine of the home has written its notice or serves, at the latest after
 * `patienceMs`. The notice of an engine that ended counts only with `endCounts`.
 */
const awaitNotice = (root: string, endCounts: boolean): Promise<void> =>
  new Promise((resolve) => {
    const check = () => {
      // Check once after the watch is set: a change before that causes no event.
      if (endCounts && hasJustEnded(root)) return finish()
      void accepts(`${root}/${socketName}`).then((served) => (served ? finish() : undefined))
    }
    const unwatch = watchIfExists(
      root,
      (name) => {
        if (name === noticeName && (endCounts || !noticeSaysEnded(root))) finish()
      },
      check
    )
    // If the home was removed a moment ago, the next call creates it again.
    if (unwatch === null) return resolve()
    const timer = setTimeout(() => finish(), patienceMs)
    const finish = () => {
      clearTimeout(timer)
      unwatch()
      resolve()
    }
    check()
  })

/** How often an engine may die during its start before the call fails. */
const maxStarts = 3

/**
 * Waits for the engine of another version, which its own caller starts. Does not compete for the
 * home.
 */
export const waitForSuccessor = (root: string): Promise<void> => awaitNotice(root, false)

/** Starts an engine if necessary. Resolves when the call can be repeated. Throws Unreachable. */
export const ensureEngine = async (
  engineCommand: ReadonlyArray<string>,
  options: StartOptions
): Promise<void> => {
  for (let starts = 1; ; starts++) {
    const started = await startEngine(engineCommand, options)
    if (started === "ready") return
    if (started === "elsewhere") return awaitNotice(options.root, true)
    if (starts === maxStarts) {
      const { problem } = unreachable(
        "the engine exited during its start",
        `Read ${options.root}/engine.log.`,
        { home: options.root }
      )
      throw new NotStarted(problem)
    }
  }
}
