/** Brings an engine up, or waits for the one that another caller is bringing up at this moment. */
import { noticeName, socketName } from "@backbeat/contract/protocol"
import { connect } from "node:net"
import { watch } from "node:fs"
import type { Place } from "./Home.ts"
import { startEngine } from "./startEngine.ts"

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

/** Ends when it is worth calling again. Throws Unreachable. */
export const bringUp = async (engineCommand: ReadonlyArray<string>, place: Place): Promise<void> => {
  const begun = await startEngine(engineCommand, place)
  if (begun === "elsewhere") await awaitNotice(place.root)
}
