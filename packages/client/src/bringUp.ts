/** Brings an engine up, or waits for the one that another caller is bringing up at this moment. */
import { noticeName, socketName } from "@backbeat/contract/protocol"
import { connect } from "node:net"
import { watch } from "node:fs"
import type { Place } from "./Home.ts"
import { startEngine } from "./startEngine.ts"
import { unreachable } from "./Unreachable.ts"

/** Longer than an engine needs to begin; one that died on the way leaves no event. */
const patienceMs = 1000

const accepts = (path: string): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect({ path })
    socket.once("connect", () => {
      socket.destroy()
      resolve(true)
    })
    socket.once("error", () => resolve(false))
  })

/** Ends when the home's engine leaves its notice or serves already, at most `patienceMs` later. */
const awaitNotice = (root: string): Promise<void> =>
  new Promise((resolve) => {
    const watcher = watch(root, (_, name) => {
      if (name === noticeName) finish()
    })
    const timer = setTimeout(() => finish(), patienceMs)
    const finish = () => {
      clearTimeout(timer)
      watcher.close()
      resolve()
    }
    // Looked at behind the watch: what came in between has no event.
    void accepts(`${root}/${socketName}`).then((served) => (served ? finish() : undefined))
  })

/** How often an engine may die while it begins before it is called broken. */
const startsAtMost = 3

/** Waits for the engine of another version, whose caller starts it at this moment: it is not to be raced for the home. */
export const awaitSuccessor = (root: string): Promise<void> => awaitNotice(root)

/** Ends when it is worth calling again. Throws Unreachable. */
export const bringUp = async (engineCommand: ReadonlyArray<string>, place: Place): Promise<void> => {
  for (let starts = 1; ; starts++) {
    const begun = await startEngine(engineCommand, place)
    if (begun === "ready") return
    if (begun === "elsewhere") return awaitNotice(place.root)
    if (starts === startsAtMost) {
      throw unreachable("the engine ended before it served", `See ${place.root}/engine.log.`, { home: place.root })
    }
  }
}
