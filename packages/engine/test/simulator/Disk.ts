/** The simulated disk: folders, files and FIFOs in memory, with the times of the simulated clock. */
import { basename, dirname } from "node:path"
import { DiskNode, type Kind } from "./DiskNode.ts"
import { systemError } from "./systemError.ts"

/** Whose wall clock dates the files (epoch ms). */
export interface WallClock {
  readonly wallMs: number
}

const blocksOf = (bytes: number): number => Math.ceil(bytes / 4096)

/** The disk of a machine. */
export class Disk {
  readonly #clock: WallClock
  readonly root: DiskNode
  /** No block is free. */
  isFull = false
  isReadOnly = false
  #nextIno = 2

  constructor(clock: WallClock) {
    this.#clock = clock
    this.root = new DiskNode("folder", 1, clock.wallMs, 0o755)
  }

  /** What is at a path; null when nothing is. Throws ENOTDIR below a file. */
  find(path: string): DiskNode | null {
    let node = this.root
    for (const name of path.split("/")) {
      if (name === "" || name === ".") continue
      if (node.kind !== "folder") throw systemError("ENOTDIR", `not a directory, '${path}'`)
      const next = name === ".." ? node.folder : node.entries.get(name)
      if (next === undefined || next === null) return null
      node = next
    }
    return node
  }

  /** The same; throws ENOENT when nothing is there. */
  get(path: string): DiskNode {
    const node = this.find(path)
    if (node === null) throw systemError("ENOENT", `no such file or directory, '${path}'`)
    return node
  }

  #folderOf(path: string): DiskNode {
    const folder = this.get(dirname(path))
    if (folder.kind !== "folder") throw systemError("ENOTDIR", `not a directory, '${path}'`)
    return folder
  }

  #checkRoom(path: string): void {
    this.checkWritable(path)
    if (this.isFull) throw systemError("ENOSPC", `no space left on device, '${path}'`)
  }

  checkWritable(path: string): void {
    if (this.isReadOnly) throw systemError("EROFS", `read-only file system, '${path}'`)
  }

  /** Makes a new file, folder or FIFO. */
  make(path: string, kind: Kind, mode: number): DiskNode {
    const folder = this.#folderOf(path)
    if (folder.entries.has(basename(path)))
      throw systemError("EEXIST", `file already exists, '${path}'`)
    // An empty file takes no block.
    if (kind === "folder") this.#checkRoom(path)
    else this.checkWritable(path)
    const node = new DiskNode(kind, this.#nextIno++, this.#clock.wallMs, mode)
    this.#enter(folder, basename(path), node)
    return node
  }

  #enter(folder: DiskNode, name: string, node: DiskNode): void {
    const replaced = folder.entries.get(name)
    if (replaced !== undefined) replaced.links--
    folder.entries.set(name, node)
    node.links++
    node.folder = folder
    node.name = name
    folder.mtimeMs = this.#clock.wallMs
    for (const tell of folder.watchers) tell("rename", name)
  }

  link(from: string, to: string): void {
    const node = this.get(from)
    const folder = this.#folderOf(to)
    if (folder.entries.has(basename(to)))
      throw systemError("EEXIST", `file already exists, '${to}'`)
    this.checkWritable(to)
    this.#enter(folder, basename(to), node)
  }

  rename(from: string, to: string): void {
    this.checkWritable(to)
    const node = this.get(from)
    const folder = this.#folderOf(to)
    this.#folderOf(from).entries.delete(basename(from))
    node.links--
    this.#enter(folder, basename(to), node)
  }

  /** Removes what is at a path, and all below it. */
  remove(path: string): void {
    const node = this.find(path)
    if (node === null) return
    this.checkWritable(path)
    const folder = this.#folderOf(path)
    folder.entries.delete(basename(path))
    node.links--
    for (const tell of node.watchers) tell("rename", null)
    for (const tell of folder.watchers) tell("rename", basename(path))
  }

  /** Writes bytes at a position of a file. */
  write(node: DiskNode, bytes: Uint8Array, position: number): void {
    this.checkWritable(node.name)
    const end = position + bytes.length
    if (end > node.data.length) {
      // What fits into its last block needs no room.
      if (blocksOf(end) > blocksOf(node.data.length)) this.#checkRoom(node.name)
      const grown = Buffer.alloc(end)
      grown.set(node.data)
      node.data = grown
    }
    node.data.set(bytes, position)
    this.#changed(node)
  }

  truncate(node: DiskNode, length: number): void {
    this.checkWritable(node.name)
    const data = Buffer.alloc(length)
    data.set(node.data.subarray(0, length))
    node.data = data
    this.#changed(node)
  }

  #changed(node: DiskNode): void {
    node.mtimeMs = this.#clock.wallMs
    for (const tell of node.watchers) tell("change", node.name)
    for (const tell of node.folder?.watchers ?? []) tell("change", node.name)
  }
}
