/**
 * A worker that says when nobody reads standard output any more, also while nothing is written: Bun's streams tell that at the next
 * write only. It blocks in poll(2), which is not variadic, until the other end of the pipe is closed.
 */
import { openLibc } from "@backbeat/engine/system/libc"
import { FFIType, ptr } from "bun:ffi"

const stdout = 1
const forever = -1

// Without events of its own it waits for POLLERR and POLLHUP alone. Source: POSIX poll(3).
const descriptors = new Int32Array([stdout, 0])
const { poll } = openLibc({
  poll: { args: [FFIType.ptr, FFIType.u64, FFIType.i32], returns: FFIType.i32 }
})

if (poll(ptr(descriptors), 1n, forever) > 0) postMessage("gone")
