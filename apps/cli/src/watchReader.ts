/**
 * A worker that reports when nobody reads standard output any more, even while nothing is written.
 * Bun's streams detect that only at the next write. It blocks in poll(2), which is not variadic,
 * until the other end of the pipe is closed.
 */
import { openLibc } from "@backbeat/engine/system/libc"
import { FFIType, ptr } from "bun:ffi"

const stdout = 1
const forever = -1

// Without requested events it waits only for POLLERR and POLLHUP. Source: POSIX poll(3).
const descriptors = new Int32Array([stdout, 0])
const { poll } = openLibc({
  poll: { args: [FFIType.ptr, FFIType.u64, FFIType.i32], returns: FFIType.i32 }
})

if (poll(ptr(descriptors), 1n, forever) > 0) postMessage("gone")
