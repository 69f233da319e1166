/** Writes answers that are too large to show into files of the home. */
import type { Artifact } from "@backbeat/contract/Artifact"
import {
  closeSync,
  fstatSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  writeFileSync
} from "../system/files.ts"
import { join, relative } from "node:path"
import { artifactDir } from "./Home.ts"

/** The name of an artifact. */
export interface ArtifactName {
  readonly key: string
  readonly label: string
  readonly kind: string
  readonly fileName: string
}

/** An artifact that is being written. */
export interface ArtifactFile {
  readonly write: (text: string) => void
  /** Closes the file and returns its path. */
  readonly finish: () => Artifact
  /** Removes the file unless it is finished. */
  readonly discard: () => void
}

let draftCount = 0
const underWay = new Set<string>()

/** Whether this engine is writing the file. */
export const isUnderWay = (path: string): boolean => underWay.has(path)

/**
 * Whether a file has a name that backbeat gives to artifacts: subject, instant in milliseconds,
 * type.
 */
export const isArtifactName = (name: string): boolean =>
  /^.+-\d{13}\.(?:log|json)(?:\.\d+\.draft)?$/u.test(name)

/**
 * Creates an artifact; replaces a file of the same name. `now` is epoch milliseconds. Throws errors
 * of the file system.
 */
export const beginArtifact = (
  root: string,
  { key, label, kind, fileName }: ArtifactName,
  now: number
): ArtifactFile => {
  mkdirSync(artifactDir(root), { recursive: true, mode: 0o700 })
  const path = join(artifactDir(root), fileName)
  // Written to a draft, because concurrent callers of the same artifact would write to the same
  // file.
  const draft = `${path}.${draftCount++}.draft`
  const fd = openSync(draft, "w", 0o600)
  underWay.add(draft)
  const close = (): void => {
    closeSync(fd)
    underWay.delete(draft)
  }
  return {
    write: (text) => writeFileSync(fd, text),
    finish: () => {
      const { size } = fstatSync(fd)
      close()
      renameSync(draft, path)
      return {
        key,
        label,
        kind,
        absolute_path: path,
        relative_path: relative(root, path),
        size_bytes: size,
        created_at: new Date(now).toISOString()
      }
    },
    discard: () => {
      if (!isUnderWay(draft)) return
      close()
      rmSync(draft, { force: true })
    }
  }
}
