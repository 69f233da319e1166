/** Resolves symbolic links, also of a path that does not exist. */
import { lstatSync, readlinkSync, realpathSync } from "../system/files.ts"
import { basename, dirname, join, resolve } from "node:path"

/** More links than any file system follows. Source: path_resolution(7). */
const linksAtMost = 40

const follow = (path: string, links: number): string => {
  if (links > linksAtMost) throw new Error(`${path} is a circular symbolic link`)
  if (lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() !== true) return path
  return follow(resolve(dirname(path), readlinkSync(path)), links + 1)
}

/**
 * The path without symbolic links, to replace the target of a link and keep the link. Throws errors
 * of the file system.
 */
export const behindLinks = (path: string): string => {
  const end = follow(path, 0)
  return join(realpathSync(dirname(end)), basename(end))
}
