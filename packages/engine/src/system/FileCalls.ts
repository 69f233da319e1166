/** The file calls of the engine. Each throws like the function of the same name in node:fs. */

/** The status of a file. */
export interface FileStat {
  readonly dev: number
  readonly ino: number
  readonly mode: number
  readonly nlink: number
  readonly uid: number
  readonly size: number
  readonly blocks: number
  readonly mtimeMs: number
  readonly birthtimeMs: number
  readonly isFile: () => boolean
  readonly isDirectory: () => boolean
  readonly isSymbolicLink: () => boolean
}

/** The same with bigint values. */
export interface BigFileStat {
  readonly dev: bigint
  readonly ino: bigint
  readonly size: bigint
  readonly mtimeNs: bigint
}

/** A path; bytes if the path of another program may not be text. */
type Path = string | Buffer

/** The space of a disk. */
export interface DiskRoom {
  readonly bavail: number
  readonly files: number
  readonly ffree: number
}

/** A watch on a file or a folder. */
export interface FileWatch {
  readonly close: () => void
  readonly on: (event: "error", refused: () => void) => FileWatch
}

interface StatCall {
  (path: Path, options: { readonly bigint: true }): BigFileStat
  (path: Path, options: { readonly throwIfNoEntry: false }): FileStat | undefined
  (path: Path): FileStat
}

interface ReadFileCall {
  (
    file: string | number,
    encoding: "utf8" | "latin1" | { readonly encoding: "utf8" | "latin1"; readonly flag?: number }
  ): string
  (file: string | number): Buffer
}

interface ReadCall {
  (fd: number, into: Uint8Array, offset: number, length: number, position: number | null): number
}

interface WriteCall {
  (fd: number, text: string, position?: number): number
  (fd: number, bytes: Uint8Array, offset?: number, length?: number, position?: number): number
}

type Text = string | Uint8Array
type WithMode = { readonly mode: number }

/** All file calls. */
export interface FileCalls {
  readonly accessSync: (path: string, mode: number) => void
  readonly appendFileSync: (path: string, text: Text, options: WithMode) => void
  readonly chmodSync: (path: string, mode: number) => void
  readonly closeSync: (fd: number) => void
  readonly existsSync: (path: string) => boolean
  readonly fstatSync: (fd: number) => FileStat
  readonly ftruncateSync: (fd: number, bytes: number) => void
  readonly linkSync: (from: string, to: string) => void
  readonly lstatSync: (
    path: string,
    options: { readonly throwIfNoEntry: false }
  ) => FileStat | undefined
  readonly mkdirSync: (
    path: string,
    options: WithMode & { readonly recursive: true }
  ) => string | undefined
  readonly openSync: (path: string, flags: number | string, mode?: number) => number
  readonly readFileSync: ReadFileCall
  readonly readSync: ReadCall
  readonly readdirSync: (path: string) => ReadonlyArray<string>
  readonly readlinkSync: (path: string) => string
  readonly realpathSync: (path: string) => string
  readonly renameSync: (from: string, to: string) => void
  readonly rmSync: (
    path: string,
    options: { readonly recursive?: boolean; readonly force?: boolean }
  ) => void
  readonly statSync: StatCall
  readonly statfsSync: (path: string) => DiskRoom
  readonly truncateSync: (path: string, bytes: number) => void
  readonly watch: (
    path: string,
    options: { readonly persistent: boolean },
    changed?: (kind: string, name: string | null) => void
  ) => FileWatch
  readonly writeFileSync: (file: string | number, text: Text, options?: WithMode) => void
  readonly writeSync: WriteCall
}
