// One stream of an attempt, opened for reading while the task may write and the engine may rotate.
// All offsets count all output ever written, including dropped bytes.
import { closeSync, fstatSync, openSync, readSync } from "../system/files.ts"
import { statIfThere } from "../process/statIfThere.ts"
import { readDropped } from "./DroppedRecord.ts"
import { outputPath } from "./OutputStream.ts"
import type { OutputStream } from "./OutputStream.ts"

/**
 * What a repeating reader remembers of the current line: from `start` to `to` there is no newline.
 */
export interface NewlineSearch {
  start: number
  to: number
}

/** The end offset to respect, and the remembered search. */
export interface Opening {
  readonly upTo?: number
  readonly search?: NewlineSearch | undefined
}

/**
 * The bytes from `keptFrom` to `end` of one stream, as they were when it was opened. A missing file
 * counts as empty.
 */
export class OutputFile {
  readonly dir: string
  readonly stream: OutputStream
  readonly path: string
  /** The offset after the last byte when the file was opened. */
  readonly end: number
  /** Identifies the file among all that ever had its path. */
  readonly inode: number
  /** When the file was last written, in ms since the epoch. */
  readonly modifiedAt: number
  /** The remembered newline search of a repeating reader. */
  readonly search: NewlineSearch | undefined
  readonly #fd: number | undefined
  #keptFrom: number
  #shift: number

  /** With `upTo`, later bytes are ignored. */
  constructor(dir: string, stream: OutputStream, { search, upTo }: Opening = {}) {
    this.search = search
    this.dir = dir
    this.stream = stream
    this.path = outputPath(dir, stream)
    const { keptFrom, shift } = readDropped(dir)[stream]
    this.#keptFrom = keptFrom
    this.#shift = shift
    this.#fd = openIfThere(this.path)
    const stat = this.#fd === undefined ? { size: 0, ino: 0, mtimeMs: 0 } : fstatSync(this.#fd)
    this.end = Math.min(upTo ?? Number.POSITIVE_INFINITY, Math.max(stat.size + shift, keptFrom))
    this.inode = stat.ino
    this.modifiedAt = Math.floor(stat.mtimeMs)
  }

  /** The offset of the oldest kept byte. Rotation may move it while the file is read. */
  get keptFrom(): number {
    return Math.min(this.#keptFrom, this.end)
  }

  /**
   * Whether bytes may be missing that were not counted: rotation had to copy, or another program
   * emptied the file.
   */
  get lossPossible(): boolean {
    return this.#shift > 0
  }

  /**
   * Fills `buffer` from this offset and returns the number of bytes. Returns "dropped" if rotation
   * dropped them; then `keptFrom` is where to continue.
   */
  read(from: number, buffer: Uint8Array): number | "dropped" {
    if (this.#fd === undefined) return 0
    if (from < this.#keptFrom) return "dropped"
    const shift = this.#shift
    const length = Math.min(buffer.length, this.end - from)
    if (length <= 0) return 0
    const count = readSync(this.#fd, buffer, 0, length, from - shift)
    // The record is written before bytes are dropped. So if it still allows them now, the bytes
    // that were read are valid.
    const now = readDropped(this.dir)[this.stream]
    this.#keptFrom = now.keptFrom
    this.#shift = now.shift
    if (from < now.keptFrom) return "dropped"
    return now.shift === shift ? count : this.read(from, buffer)
  }

  close(): void {
    if (this.#fd !== undefined) closeSync(this.#fd)
  }
}

const windowBytes = 65_536

/** Reads small consecutive parts of a file without a system call for each. */
export class ReadAhead {
  readonly file: OutputFile
  #from = 0
  #room = new Uint8Array(0)
  #window = new Uint8Array(0)

  constructor(file: OutputFile) {
    this.file = file
  }

  /** The bytes of a part, valid until the next call; undefined if rotation has dropped them. */
  part(from: number, length: number): Uint8Array | undefined {
    const offset = from - this.#from
    if (offset >= 0 && offset + length <= this.#window.length)
      return this.#window.subarray(offset, offset + length)
    const wanted = Math.max(length, Math.min(windowBytes, this.file.end - from))
    if (this.#room.length < wanted) this.#room = new Uint8Array(wanted)
    // Replaces the buffer, even if the bytes turn out to be dropped.
    this.#window = this.#room.subarray(0, 0)
    const count = this.file.read(from, this.#room)
    if (count === "dropped") return undefined
    this.#from = from
    this.#window = this.#room.subarray(0, count)
    return this.#window.subarray(0, length)
  }
}

function openIfThere(path: string): number | undefined {
  // A folder in its place has no bytes, and a FIFO would block.
  if (statIfThere(path)?.isFile() !== true) return undefined
  try {
    return openSync(path, "r")
  } catch {
    return undefined
  }
}
