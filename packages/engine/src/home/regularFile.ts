/**
 * Opens files of the home without blocking. An ordinary open of a FIFO in the place of a file would
 * wait for its other end.
 */
import {
  closeSync,
  constants,
  fstatSync,
  openSync,
  readFileSync,
  writeFileSync
} from "../system/files.ts"

/**
 * Something else is in the place of a file. Has the code of BSD's error of this name, and the path,
 * like errors of system calls.
 */
class NotRegular extends Error {
  override readonly name = "NotRegular"
  readonly code = "EFTYPE"
  readonly path: string
  constructor(path: string) {
    super(`${path} is not a regular file`)
    this.path = path
  }
}

/**
 * Opens a regular file with these flags; creates it with mode 0600 if they say so. Throws errors of
 * the file system, and for anything but a regular file.
 */
export const openRegular = (path: string, flags: number): number => {
  const fd = openSync(path, flags | constants.O_NONBLOCK, 0o600)
  if (fstatSync(fd).isFile()) return fd
  closeSync(fd)
  throw new NotRegular(path)
}

const withFile = <A>(path: string, flags: number, use: (fd: number) => A): A => {
  const fd = openRegular(path, flags)
  try {
    return use(fd)
  } finally {
    closeSync(fd)
  }
}

/** The text of a regular file. Throws like `openRegular`. */
export const readRegular = (path: string): string =>
  withFile(path, constants.O_RDONLY, (fd) => readFileSync(fd, "utf8"))

/** Replaces the text of a regular file, or creates it. Throws like `openRegular`. */
export const writeRegular = (path: string, text: string): void =>
  withFile(path, constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC, (fd) =>
    writeFileSync(fd, text)
  )
