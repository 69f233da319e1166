/**
 * Decides whether a folder is a home or may become one, or belongs to something else. Changes
 * nothing.
 */
import { flagOf, sentence } from "@backbeat/contract/Text"
import { commandInputError, type Problem } from "@backbeat/contract/Problem"
import { applicationId } from "@backbeat/store/applicationId"
import * as Predicate from "effect/Predicate"
import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  type FileStat,
  statSync
} from "../system/files.ts"
import { dirname, join } from "node:path"
import { errorCode } from "../process/thrown.ts"
import { databasePath } from "../home/Home.ts"

/**
 * The verdict: the folder may be created, is a home (`isOpen` if others have rights in it), or is
 * rejected.
 */
export type Verdict =
  | { readonly kind: "absent" }
  | { readonly kind: "home"; readonly isOpen: boolean }
  | { readonly kind: "refused"; readonly problem: Problem }

/** Further input of the decision. */
export interface Judging {
  readonly environment: Readonly<Record<string, string | undefined>>
  /** The home directory of the user; null if unknown. */
  readonly userFolder: () => string | null
  /** Whether a database without an application id has our tables; null if it cannot be read. */
  readonly hasOurTables: (path: string) => Promise<boolean | null>
}

const setuid = 0o4000
const setgid = 0o2000
const sticky = 0o1000
const othersRights = 0o077

/** The files that an engine creates in a home before its database. */
const firstNames =
  /^(engine\.(lock|sock|json|json\.draft|log|log\.1)|config\.json(\.draft)?|backbeat\.db(-journal|-wal|-shm|-reserve)?)$/u
/** The files that it creates later. */
const laterNames = new Set([
  "tasks",
  "environments",
  "artifacts",
  "reports",
  "spawned.log",
  "spawned.log.1"
])

const modeOf = ({ mode }: FileStat): string => (mode & 0o7777).toString(8).padStart(4, "0")

const hint = sentence`Set ${flagOf("home")} or BACKBEAT_HOME to an empty folder, or to one that does not exist yet.`

const reject = (root: string, why: string, stat?: FileStat): Verdict => {
  const seen = stat === undefined ? {} : { owner: stat.uid, mode: modeOf(stat) }
  const shown = stat === undefined ? "" : ` (owner ${stat.uid}, mode ${modeOf(stat)})`
  return {
    kind: "refused",
    problem: commandInputError(`${root} is not a home of backbeat: ${why}${shown}`, hint, {
      home: root,
      ...seen
    })
  }
}

const isFolder = (path: string): boolean => {
  try {
    return statSync(path).isDirectory()
  } catch {
    return false
  }
}

/**
 * Below the user's own folders all missing folders may be created, elsewhere only the home itself.
 */
const judgeAbsent = (root: string, { environment, userFolder }: Judging): Verdict => {
  if (
    isFolder(dirname(root)) &&
    lstatSync(root, { throwIfNoEntry: false })?.isSymbolicLink() === true
  )
    return reject(root, "it is a broken symbolic link")
  const state = environment["XDG_STATE_HOME"] ?? ""
  const own = [userFolder() ?? "", state].filter((path) => path.startsWith("/") && isFolder(path))
  const mayCreate =
    isFolder(dirname(root)) ||
    own.some((path) => root.startsWith(path.endsWith("/") ? path : `${path}/`)) ||
    (root === join(state, "backbeat") && isFolder(dirname(state)))
  return mayCreate ? { kind: "absent" } : reject(root, `the folder ${dirname(root)} does not exist`)
}

const header = { magic: "SQLite format 3\0", bytes: 100, applicationIdAt: 68 }

/** Whose database it is; `none` if there is none or it is empty. */
const judgeDatabase = async (
  path: string,
  { hasOurTables }: Judging
): Promise<"none" | "ours" | "theirs" | "unreadable"> => {
  const found = statSync(path, { throwIfNoEntry: false })
  if (found === undefined) return "none"
  // Opening a FIFO would block.
  if (!found.isFile()) return "theirs"
  const bytes = Buffer.alloc(header.bytes)
  const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
  try {
    if (fstatSync(fd).size === 0) return "none"
    readSync(fd, bytes, 0, header.bytes, 0)
  } finally {
    closeSync(fd)
  }
  if (bytes.toString("latin1", 0, header.magic.length) !== header.magic) return "unreadable"
  const id = bytes.readUInt32BE(header.applicationIdAt)
  if (id !== 0) return id === applicationId ? "ours" : "theirs"
  const has = await hasOurTables(path)
  if (has === null) return "unreadable"
  return has ? "ours" : "theirs"
}

const readObject = (path: string): object | null => {
  try {
    const content: unknown = JSON.parse(
      readFileSync(path, { encoding: "utf8", flag: constants.O_RDONLY | constants.O_NONBLOCK })
    )
    return Predicate.isObject(content) && !Array.isArray(content) ? content : null
  } catch {
    return null
  }
}

/** Whether a file is a configuration of backbeat: empty, or with a known key. */
const isConfiguration = async (path: string): Promise<boolean> => {
  const content = readObject(path)
  if (content === null) return false
  // Loaded here because it is rarely needed and slow to load.
  const { keyNames } = await import("./resolve.ts")
  const keys = Object.keys(content)
  return keys.length === 0 || keys.some((key) => keyNames.includes(key))
}

/** Whether an engine has left its startup notice in the folder. */
const hadEngine = (root: string): boolean => {
  const notice = readObject(join(root, "engine.json"))
  return (
    notice !== null &&
    "state" in notice &&
    lstatSync(join(root, "engine.lock"), { throwIfNoEntry: false })?.isFile() === true
  )
}

/**
 * Why a folder without our database is not a home; null if it is empty or an engine has started in
 * it.
 */
const findForeign = async (root: string): Promise<string | null> => {
  const names = readdirSync(root)
  const foreign = names.find(
    (name) => !firstNames.test(name) && !(laterNames.has(name) && hadEngine(root))
  )
  if (foreign !== undefined) return `it has no backbeat.db, but it contains ${foreign}`
  const config = join(root, "config.json")
  if (names.includes("config.json") && !hadEngine(root) && !(await isConfiguration(config)))
    return `it has no backbeat.db, and ${config} is not a configuration of backbeat`
  return null
}

/** The reason against a folder in its content; null if there is none. */
const judgeContent = async (
  root: string,
  isPrivate: boolean,
  judging: Judging
): Promise<string | null> => {
  const path = databasePath(root)
  switch (await judgeDatabase(path, judging)) {
    case "ours":
      return null
    case "none":
      return findForeign(root)
    case "theirs":
      return `${path} is not a database of backbeat`
    case "unreadable":
      // The store reports what is wrong with a damaged database. The mode of the folder is not
      // changed for it.
      return isPrivate && hadEngine(root) ? null : `${path} is not a readable database`
  }
}

const statIfThere = (path: string): FileStat | undefined => {
  try {
    return statSync(path)
  } catch (thrown) {
    if (["ENOENT", "ENOTDIR"].includes(errorCode(thrown))) return undefined
    throw thrown
  }
}

/** Judges the folder at `root`. Throws errors of the file system. */
export const judgeFolder = async (root: string, judging: Judging): Promise<Verdict> => {
  const stat = statIfThere(root)
  if (stat === undefined) return judgeAbsent(root, judging)
  if (!stat.isDirectory()) return reject(root, "it is not a folder", stat)
  if (stat.uid !== process.getuid?.()) return reject(root, `it belongs to user ${stat.uid}`, stat)
  const isPrivate = (stat.mode & othersRights) === 0
  // A folder that is created inside a setgid folder inherits the bit.
  if ((stat.mode & (sticky | setuid)) !== 0 || ((stat.mode & setgid) !== 0 && !isPrivate))
    return reject(root, "it has a sticky, setuid or setgid bit", stat)
  const why = await judgeContent(root, isPrivate, judging)
  return why === null ? { kind: "home", isOpen: !isPrivate } : reject(root, why, stat)
}
