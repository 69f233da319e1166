/**
 * The `alive` FIFO of an attempt folder: every process of the attempt's tree holds its write end, unless it closed it.
 * No writer left means that nothing of that tree lives; nobody can become a writer again.
 */
import { closeSync, constants, openSync, readSync } from "../system/files.ts"
import { join } from "node:path"
import { onHangUp } from "../system/processes.ts"
import { errorCode, isShortage } from "./thrown.ts"

const sink = Buffer.alloc(4096)

const openRead = (dir: string): number | null => {
  try {
    return openSync(join(dir, "alive"), constants.O_RDONLY | constants.O_NONBLOCK)
  } catch (refusal) {
    if (isShortage(refusal)) throw refusal
    // A FIFO that was taken away is held by nobody that could be heard of.
    return null
  }
}

/** A FIFO opened just now does not report the hang-up of a writer that left before: only a read tells. */
const hasWriter = (fd: number): boolean => {
  try {
    while (readSync(fd, sink, 0, sink.length, null) > 0);
    return false
  } catch (refusal) {
    // What stands in its place, a folder for example, has no writers.
    return errorCode(refusal) === "EAGAIN"
  }
}

/** Whether a process of the attempt that kept the FIFO lives now. */
export const isHeld = (dir: string): boolean => {
  const fd = openRead(dir)
  if (fd === null) return false
  try {
    return hasWriter(fd)
  } finally {
    closeSync(fd)
  }
}

/** Calls back once, possibly before it returns, when nobody holds the FIFO; answers how to stop waiting. */
export const onReleased = (dir: string, released: () => void): (() => void) => {
  const fd = openRead(dir)
  if (fd === null || !hasWriter(fd)) {
    if (fd !== null) closeSync(fd)
    released()
    return () => {}
  }
  return onHangUp(fd, released)
}
