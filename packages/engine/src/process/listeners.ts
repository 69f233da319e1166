/** Which processes listen on a TCP port of this machine. Linux alone says so: sockets by port, and processes by the sockets that they hold. */
import { readdirSync, readFileSync, readlinkSync } from "../system/files.ts"
import { ofProcess } from "../system/ofProcess.ts"
import { steadyMs } from "../system/time.ts"
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

/** A socket that listens. */
export interface Listening {
  readonly port: number
  /** How the descriptors of processes name the socket. */
  readonly socket: string
}

/** All TCP sockets that listen. */
const listeningSockets = (): ReadonlyArray<Listening> =>
  [...table("tcp"), ...table("tcp6")].flatMap((row) => {
    const [, local = "", , state, , , , , , inode] = row.trim().split(/\s+/u)
    const port = Number.parseInt(local.slice(local.lastIndexOf(":") + 1), 16)
    return state === listening ? [{ port, socket: `socket:[${inode}]` }] : []
  })

const socketsAt = (asked: number): ReadonlySet<string> =>
  new Set(listeningSockets().flatMap(({ port, socket }) => (port === asked ? [socket] : [])))

const linkOf = (path: string): string => {
  try {
    return readlinkSync(path)
  } catch {
    return ""
  }
}

/** What the descriptors of a process lead to. */
const openOf = (pid: number): ReadonlyArray<string> => {
  try {
    return readdirSync(`/proc/${pid}/fd`).map((fd) => linkOf(`/proc/${pid}/fd/${fd}`))
  } catch {
    return []
  }
}

const holdsOne = (pid: number, sockets: ReadonlySet<string>): boolean =>
  openOf(pid).some((each) => sockets.has(each))

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

const sharedMs = 50

const lastRead = ofProcess((): { at: number; sockets: ReadonlyArray<Listening> } => ({
  at: Number.NEGATIVE_INFINITY,
  sockets: []
}))

/** To read the tables takes the kernel milliseconds, and many stops come at once: they share one reading. */
const recentSockets = (): ReadonlyArray<Listening> => {
  const now = steadyMs()
  const read = lastRead()
  if (now - read.at > sharedMs) Object.assign(read, { at: now, sockets: listeningSockets() })
  return read.sockets
}

/** The TCP sockets on which the processes listen; none where that cannot be told. */
export const listeningOf = (pids: ReadonlyArray<number>): ReadonlyArray<Listening> => {
  if (!hasProc) return []
  const open = new Set(pids.flatMap(openOf).filter((each) => each.startsWith("socket:")))
  return open.size === 0 ? [] : recentSockets().filter(({ socket }) => open.has(socket))
}

/** The ports of sockets that do not listen any more, in order. */
export const freedPorts = (before: ReadonlyArray<Listening>): ReadonlyArray<number> => {
  if (before.length === 0) return []
  const still = new Set(listeningSockets().map(({ socket }) => socket))
  const freed = before.flatMap(({ port, socket }) => (still.has(socket) ? [] : [port]))
  return [...new Set(freed)].toSorted((one, other) => one - other)
}
