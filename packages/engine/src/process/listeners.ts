/** Which processes listen on a TCP port of this machine. Linux alone says so: sockets by port, and processes by the sockets that they hold. */
import { readdirSync, readFileSync, readlinkSync } from "node:fs"
import { hasProc, listProcesses } from "./ProcessTable.ts"

/** The state of a socket that listens. Source: proc_pid_net(5), include/net/tcp_states.h. */
const listening = "0A"

const table = (name: string): ReadonlyArray<string> => {
  try {
    return readFileSync(`/proc/net/${name}`, "latin1").split("\n").slice(1)
  } catch {
    return []
  }
}

/** How the descriptors of processes name the sockets that listen on a port. */
const socketsAt = (port: number): ReadonlySet<string> => {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, "0")}`
  const rows = [...table("tcp"), ...table("tcp6")].map((row) => row.trim().split(/\s+/u))
  return new Set(
    rows.flatMap(([, local, , state, , , , , , inode]) =>
      state === listening && local?.endsWith(suffix) === true ? [`socket:[${inode}]`] : []
    )
  )
}

const linkOf = (path: string): string => {
  try {
    return readlinkSync(path)
  } catch {
    return ""
  }
}

const holdsOne = (pid: number, sockets: ReadonlySet<string>): boolean => {
  try {
    return readdirSync(`/proc/${pid}/fd`).some((fd) => sockets.has(linkOf(`/proc/${pid}/fd/${fd}`)))
  } catch {
    return false
  }
}

/** Those of the processes that listen on the port; of all that run when none are named. Empty where that cannot be told. */
export const listenersAt = (
  port: number,
  pids: ReadonlyArray<number> | null = null
): ReadonlyArray<number> => {
  if (!hasProc) return []
  const sockets = socketsAt(port)
  if (sockets.size === 0) return []
  return (pids ?? listProcesses().map(({ pid }) => pid)).filter((pid) => holdsOne(pid, sockets))
}
