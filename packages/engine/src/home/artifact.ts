/** Writes answers that are too large to be shown into files of the home. */
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

/** What an artifact is called. */
export interface ArtifactName {
  readonly key: string
  readonly label: string
  readonly kind: string
  readonly fileName: string
}

/** A file under way. */
export interface ArtifactFile {
  readonly write: (text: string) => void
  /** Closes the file and tells where it is. */
  readonly finish: () => Artifact
  /** Removes what was written, unless it is finished. */
  readonly discard: () => void
}

let draftCount = 0
const underWay = new Set<string>()

/** Whether this file is one that this engine is writing. */
export const isUnderWay = (path: string): boolean => underWay.has(path)

/** Whether a file of the artifact folder has a name that backbeat gives: what it is of, the instant in milliseconds, its type. */
export const isArtifactName = (name: string): boolean =>
  /^.+-\d{13}\.(?:log|json)(?:\.\d+\.draft)?$/u.test(name)

/** Begins an artifact; a file of the same name is replaced. `now` is epoch milliseconds. Throws what the file system throws. */
export const beginArtifact = (
  root: string,
  { key, label, kind, fileName }: ArtifactName,
  now: number
): ArtifactFile => {
  mkdirSync(artifactDir(root), { recursive: true, mode: 0o700 })
  const path = join(artifactDir(root), fileName)
  // Written aside: callers that want the same at the same time would write into each other's file.
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
