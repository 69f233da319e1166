/** The file calls of one simulated program, on the simulated disk and /proc. */
import { constants } from "node:fs"
import { normalize } from "node:path"
import type { BigFileStat, FileCalls, FileStat, FileWatch } from "../../src/system/FileCalls.ts"
import type { Disk } from "./Disk.ts"
import { DiskNode } from "./DiskNode.ts"
import type { Kernel } from "./Kernel.ts"
import { systemError } from "./systemError.ts"
import { OpenFile } from "./OpenFile.ts"
import { procFile } from "./procFiles.ts"

/** What a call needs of the system: a descriptor, or leave to change the disk. */
export type Access = "reads" | "opens" | "writes"

/** The program that makes the calls, as far as its files are concerned. */
export interface Program {
  readonly kernel: Kernel
  readonly disk: Disk
  readonly files: Map<number, OpenFile>
  /** Asked before each call; may throw instead. */
  readonly before: (call: string, access: Access, path: string) => void
  /** Lets the program hear of something, a moment later. */
  readonly tell: (act: () => void) => void
}

type Path = string | Buffer

const procNode = (kernel: Kernel, path: string): DiskNode | null => {
  const found = procFile(kernel, path)
  if (found === null) return null
  if (found.kind === "link") return found.node
  const node = new DiskNode(found.kind === "text" ? "file" : "folder", 1, 0, 0o444)
  if (found.kind === "text") node.data = Buffer.from(found.text)
  else for (const name of found.names) node.entries.set(name, node)
  return node
}

const statOf = (node: DiskNode): FileStat => ({
  dev: 1,
  ino: node.ino,
  mode: node.mode,
  uid: 1000,
  nlink: node.links,
  size: node.data.length,
  blocks: Math.ceil(node.data.length / 512),
  mtimeMs: node.mtimeMs,
  birthtimeMs: node.birthMs,
  isFile: () => node.kind === "file",
  isDirectory: () => node.kind === "folder",
  isSymbolicLink: () => false
})

const bigStatOf = (node: DiskNode): BigFileStat => ({
  dev: 1n,
  ino: BigInt(node.ino),
  size: BigInt(node.data.length),
  mtimeNs: BigInt(Math.round(node.mtimeMs * 1000)) * 1000n
})

const { O_ACCMODE, O_APPEND, O_CREAT, O_EXCL, O_NONBLOCK, O_RDONLY, O_RDWR, O_TRUNC, O_WRONLY } = {
  ...constants,
  O_ACCMODE: 3
}

const namedFlags = new Map([
  ["r", O_RDONLY],
  ["r+", O_RDWR],
  ["w", O_WRONLY | O_CREAT | O_TRUNC],
  ["wx", O_WRONLY | O_CREAT | O_EXCL],
  ["a", O_WRONLY | O_CREAT | O_APPEND]
])

const flagsOf = (flags: number | string): number => {
  const known = typeof flags === "number" ? flags : namedFlags.get(flags)
  if (known === undefined) throw new Error(`the flags ${flags} are not simulated`)
  return known
}

const bytesOf = (text: string | Uint8Array): Uint8Array =>
  typeof text === "string" ? Buffer.from(text) : text

/** Makes the calls of a program. */
export const makeFileCalls = (program: Program): FileCalls => {
  const { disk, files, kernel } = program

  /** The lowest that is free, as the system gives it. */
  const freeFd = (): number => {
    for (let fd = 10; ; fd++) if (!files.has(fd)) return fd
  }

  const find = (path: Path): DiskNode | null => {
    const at = normalize(path.toString())
    return at === "/proc" || at.startsWith("/proc/") ? procNode(kernel, at) : disk.find(at)
  }

  const get = (path: Path): DiskNode => {
    const node = find(path)
    if (node === null) throw systemError("ENOENT", `no such file or directory, '${path}'`)
    return node
  }

  const opened = (fd: number): OpenFile => {
    const file = files.get(fd)
    if (file === undefined) throw systemError("EBADF", `bad file descriptor, ${fd}`)
    return file
  }

  const { before } = program

  const nodeFor = (path: string, flags: number, mode: number): DiskNode => {
    const found = find(path)
    if (found === null) {
      if ((flags & O_CREAT) === 0) return get(path)
      return disk.make(path, "file", mode)
    }
    if ((flags & O_EXCL) !== 0) throw systemError("EEXIST", `file already exists, '${path}'`)
    if (found.kind === "folder" && (flags & O_ACCMODE) !== O_RDONLY)
      throw systemError("EISDIR", `is a directory, '${path}'`)
    if ((flags & O_TRUNC) !== 0) disk.truncate(found, 0)
    else if ((flags & O_ACCMODE) !== O_RDONLY && found.kind === "file") disk.checkWritable(path)
    return found
  }

  const openSync = (path: string, given: number | string, mode = 0o644): number => {
    const flags = flagsOf(given)
    before("open", "opens", path)
    const node = nodeFor(path, flags, mode)
    const access = flags & O_ACCMODE
    if (node.pipe !== null && access === O_WRONLY && node.pipe.readers === 0) {
      if ((flags & O_NONBLOCK) !== 0) throw systemError("ENXIO", `no reader, '${path}'`)
      throw new Error(`the open of ${path} would wait for ever`)
    }
    const file = new OpenFile(node, path, {
      reads: access !== O_WRONLY,
      writes: access !== O_RDONLY,
      appends: (flags & O_APPEND) !== 0
    })
    const fd = freeFd()
    files.set(fd, file.share())
    return fd
  }

  const closeSync = (fd: number): void => {
    opened(fd).release()
    files.delete(fd)
  }

  const readSync: FileCalls["readSync"] = (fd, into, ...[offset, length, position]) => {
    const file = opened(fd)
    before("read", "reads", file.path)
    if (file.node.kind === "folder") throw systemError("EISDIR", "is a directory, read")
    if (file.node.pipe !== null) {
      if (file.node.pipe.writers > 0) throw systemError("EAGAIN", "try again, read")
      return 0
    }
    const from = position ?? file.position
    const part = file.node.data.subarray(from, from + length)
    into.set(part, offset)
    if (position === null) file.position += part.length
    return part.length
  }

  const put = (file: OpenFile, bytes: Uint8Array, position: number | null): number => {
    const from = file.appends ? file.node.data.length : (position ?? file.position)
    disk.write(file.node, bytes, from)
    if (position === null) file.position = from + bytes.length
    return bytes.length
  }

  function writeSync(fd: number, text: string, position?: number): number
  function writeSync(
    fd: number,
    bytes: Uint8Array,
    ...range: [offset?: number, length?: number, position?: number]
  ): number
  function writeSync(
    fd: number,
    text: string | Uint8Array,
    ...[first, length, position]: ReadonlyArray<number | undefined>
  ): number {
    const file = opened(fd)
    before("write", "writes", file.path)
    if (typeof text === "string") return put(file, Buffer.from(text), first ?? null)
    const offset = first ?? 0
    return put(file, text.subarray(offset, offset + (length ?? text.length)), position ?? null)
  }

  function readFileSync(
    file: string | number,
    encoding: "utf8" | "latin1" | { readonly encoding: "utf8" | "latin1"; readonly flag?: number }
  ): string
  function readFileSync(file: string | number): Buffer
  function readFileSync(
    file: string | number,
    encoding?: "utf8" | "latin1" | { readonly encoding: "utf8" | "latin1" }
  ): string | Buffer {
    if (typeof file === "string") before("open", "opens", file)
    const node = typeof file === "number" ? opened(file).node : get(file)
    before("read", "reads", typeof file === "string" ? file : opened(file).path)
    if (node.kind === "folder")
      throw systemError("EISDIR", "illegal operation on a directory, read")
    if (encoding === undefined) return Buffer.from(node.data)
    return node.data.toString(typeof encoding === "string" ? encoding : encoding.encoding)
  }

  function statSync(path: Path, options: { readonly bigint: true }): BigFileStat
  function statSync(path: Path, options: { readonly throwIfNoEntry: false }): FileStat | undefined
  function statSync(path: Path): FileStat
  function statSync(
    path: Path,
    options: { readonly bigint?: boolean; readonly throwIfNoEntry?: boolean } = {}
  ): FileStat | BigFileStat | undefined {
    before("stat", "reads", path.toString())
    if (options.bigint === true) return bigStatOf(get(path))
    const node = options.throwIfNoEntry === false ? find(path) : get(path)
    return node === null ? undefined : statOf(node)
  }

  const writeFileSync: FileCalls["writeFileSync"] = (file, text, options) => {
    const fd = typeof file === "number" ? file : openSync(file, "w", options?.mode)
    before("write", "writes", opened(fd).path)
    try {
      put(opened(fd), bytesOf(text), null)
    } finally {
      if (typeof file === "string") closeSync(fd)
    }
  }

  const mkdirSync: FileCalls["mkdirSync"] = (path, { mode }) => {
    before("mkdir", "writes", path)
    let made: string | undefined
    let at = ""
    for (const name of path.split("/").filter((each) => each !== "")) {
      at += `/${name}`
      const found = disk.find(at)
      if (found === null) {
        disk.make(at, "folder", mode)
        made ??= at
      } else if (found.kind !== "folder") throw systemError("EEXIST", `file exists, mkdir '${at}'`)
    }
    return made
  }

  const watch: FileCalls["watch"] = (path, _options, changed = () => {}) => {
    before("watch", "opens", path)
    const node = get(path)
    let isOpen = true
    let lastMs = Number.NEGATIVE_INFINITY
    const watcher = (kind: string, name: string | null): void => {
      // As Bun does: of two changes within a millisecond the second is dropped.
      if (kernel.steadyMs - lastMs < 1) return
      lastMs = kernel.steadyMs
      program.tell(() => {
        if (isOpen) changed(kind, name)
      })
    }
    node.watchers.add(watcher)
    const self: FileWatch = {
      close: () => {
        isOpen = false
        node.watchers.delete(watcher)
      },
      on: () => self
    }
    return self
  }

  return {
    accessSync: (path) => {
      before("access", "reads", path)
      get(path)
    },
    appendFileSync: (path, text, { mode }) => {
      const fd = openSync(path, "a", mode)
      try {
        before("write", "writes", path)
        put(opened(fd), bytesOf(text), null)
      } finally {
        closeSync(fd)
      }
    },
    chmodSync: (path, mode) => {
      before("chmod", "writes", path)
      get(path).mode = mode
    },
    closeSync,
    existsSync: (path) => {
      before("access", "reads", path)
      try {
        return find(path) !== null
      } catch {
        return false
      }
    },
    fstatSync: (fd) => {
      before("stat", "reads", opened(fd).path)
      return statOf(opened(fd).node)
    },
    ftruncateSync: (fd, bytes) => {
      before("truncate", "writes", opened(fd).path)
      disk.truncate(opened(fd).node, bytes)
    },
    linkSync: (from, to) => {
      before("link", "writes", to)
      disk.link(from, to)
    },
    lstatSync: (path) => {
      before("stat", "reads", path)
      const node = find(path)
      return node === null ? undefined : statOf(node)
    },
    mkdirSync,
    openSync,
    readFileSync,
    readSync,
    readdirSync: (path) => {
      before("readdir", "opens", path)
      const node = get(path)
      if (node.kind !== "folder") throw systemError("ENOTDIR", `not a directory, '${path}'`)
      return [...node.entries.keys()]
    },
    readlinkSync: (path) => {
      before("readlink", "reads", path)
      const found = procFile(kernel, path)
      if (found?.kind === "link") return found.path
      throw systemError("EINVAL", `invalid argument, readlink '${path}'`)
    },
    realpathSync: (path) => {
      before("realpath", "reads", path)
      get(path)
      return path
    },
    renameSync: (from, to) => {
      before("rename", "writes", to)
      disk.rename(from, to)
    },
    rmSync: (path, { force = false, recursive = false }) => {
      before("rm", "writes", path)
      const node = find(path)
      if (node === null && !force) get(path)
      if (node?.kind === "folder" && !recursive)
        throw systemError("ERR_FS_EISDIR", `is a directory, rm '${path}'`)
      disk.remove(path)
    },
    statSync,
    statfsSync: () => ({ bavail: disk.isFull ? 0 : 1_000_000, files: 1_000_000, ffree: 1_000_000 }),
    truncateSync: (path, bytes) => {
      before("truncate", "writes", path)
      disk.truncate(get(path), bytes)
    },
    watch,
    writeFileSync,
    writeSync
  }
}
