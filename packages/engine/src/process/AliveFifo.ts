/**
 * The `alive` FIFO in an attempt's folder. Every process of the attempt inherits its write end, and
 * holds it unless it closes it. If it has no writer, no such process is alive, and there can be no
 * new writer.
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
    // A removed FIFO has no detectable writer.
    return null
  }
}

/** A FIFO that was just opened does not report a writer that closed it before; only a read does. */
const hasWriter = (fd: number): boolean => {
  try {
    while (readSync(fd, sink, 0, sink.length, null) > 0);
    return false
  } catch (refusal) {
    // Anything else in its place, such as a folder, has no writers.
    return errorCode(refusal) === "EAGAIN"
  }
}

/** Whether a process of the attempt holds the FIFO. */
export const isHeld = (dir: string): boolean => {
  const fd = openRead(dir)
  if (fd === null) return false
  try {
    return hasWriter(fd)
  } finally {
    closeSync(fd)
  }
}

/**
 * Calls back once, possibly before it returns, when no process holds the FIFO. Returns a function
 * that stops waiting.
 */
export const onReleased = (dir: string, released: () => void): (() => void) => {
  const fd = openRead(dir)
  if (fd === null || !hasWriter(fd)) {
    if (fd !== null) closeSync(fd)
    released()
    return () => {}
  }
  return onHangUp(fd, released)
}
