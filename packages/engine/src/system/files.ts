/**
 * The file calls of the serving engine: those of node:fs, which the simulator replaces. They are
 * variables, so that a call costs nothing extra.
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

/** Replaces all calls; null restores those of the system. */
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
