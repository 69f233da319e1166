/**
 * Opens files of the home without ever waiting: where somebody has put a FIFO in the place of a file, an ordinary open would
 * wait for its other end, and with it everything else.
 */
import {
  closeSync,
  constants,
  fstatSync,
  openSync,
  readFileSync,
  writeFileSync
} from "../system/files.ts"

/** Something else is in the place of a file. It has the code of BSD's error of this name, and the path, as failed system calls have. */
class NotRegular extends Error {
  override readonly name = "NotRegular"
  readonly code = "EFTYPE"
  readonly path: string
  constructor(path: string) {
    super(`${path} is not a regular file`)
    this.path = path
  }
}

/** Opens a regular file with these flags, made with mode 0600 where they say so. Throws what the file system throws, and for anything but a regular file. */
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

/** The text of a regular file. Throws as `openRegular` does. */
export const readRegular = (path: string): string =>
  withFile(path, constants.O_RDONLY, (fd) => readFileSync(fd, "utf8"))

/** Replaces the text of a regular file, which is made where there is none. Throws as `openRegular` does. */
export const writeRegular = (path: string, text: string): void =>
  withFile(path, constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC, (fd) =>
    writeFileSync(fd, text)
  )
