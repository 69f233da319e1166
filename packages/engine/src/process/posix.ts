/** Signals, which never go to this program's own group, nor to everybody. */
import { sendSignal } from "../system/processes.ts"
import { errorCode } from "./thrown.ts"

const send = (target: number, signal: NodeJS.Signals): boolean => {
  try {
    sendSignal(target, signal)
    return true
  } catch (refusal) {
    if (["ESRCH", "EPERM"].includes(errorCode(refusal))) return false
    throw refusal
  }
}

/** Whether a process may be signalled: false when it is another user's. */
export const maySignal = (pid: number): boolean => {
  try {
    sendSignal(pid, 0)
    return true
  } catch (refusal) {
    return errorCode(refusal) !== "EPERM"
  }
}

/** Signals one process; false when it is gone or not ours to signal. Throws RangeError for 0, 1 and negative ids. */
export const signalProcess = (pid: number, signal: NodeJS.Signals): boolean => {
  if (!Number.isSafeInteger(pid) || pid <= 1)
    throw new RangeError(`not a process to signal: ${pid}`)
  return send(pid, signal)
}

/** Signals a process group; false when no member is left. Throws RangeError for 0, 1 and negative ids: kill(-1) is everybody. */
export const signalGroup = (pgid: number, signal: NodeJS.Signals): boolean => {
  if (!Number.isSafeInteger(pgid) || pgid <= 1)
    throw new RangeError(`not a process group to signal: ${pgid}`)
  return send(-pgid, signal)
}
