/**
 * The file calls that the engine makes while it serves: those of node:fs, which the simulator replaces by its own. They are variables, so
 * that a call costs what it costs without this.
 */
import * as node from "node:fs"
import type { FileCalls } from "./FileCalls.ts"

export { constants } from "node:fs"
export type { FileStat, FileWatch } from "./FileCalls.ts"

const native: FileCalls = node

export let {
  accessSync,
  appendFileSync,
  chmodSync,
  closeSync,
  existsSync,
  fstatSync,
  ftruncateSync,
  linkSync,
  lstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  readdirSync,
  readlinkSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  statfsSync,
  truncateSync,
  watch,
  writeFileSync,
  writeSync
} = native

/** Replaces all of them; by those of the system when null. */
export const replaceFiles = (calls: FileCalls | null): void => {
  ;({
    accessSync,
    appendFileSync,
    chmodSync,
    closeSync,
    existsSync,
    fstatSync,
    ftruncateSync,
    linkSync,
    lstatSync,
    mkdirSync,
    openSync,
    readFileSync,
    readSync,
    readdirSync,
    readlinkSync,
    realpathSync,
    renameSync,
    rmSync,
    statSync,
    statfsSync,
    truncateSync,
    watch,
    writeFileSync,
    writeSync
  } = calls ?? native)
}
