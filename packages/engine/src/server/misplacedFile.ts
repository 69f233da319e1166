/**
 * Detects a wrong file in the home, such as a folder in the place of a file. This is not a defect
 * of backbeat; the answer names the path.
 */
import { type Problem, problem } from "@backbeat/contract/Problem"
import { errorCode } from "../process/thrown.ts"

/**
 * The error codes of a file in the place of a folder, a folder in the place of a file, and missing
 * permissions.
 */
const codes = new Set([
  "EEXIST",
  "ENOTDIR",
  "EISDIR",
  "ELOOP",
  "EFTYPE",
  "ENXIO",
  "EACCES",
  "EPERM"
])

/**
 * The problem if a system call failed on a path of the home with one of these codes; null for any
 * other defect.
 */
export const misplacedFile = (root: string, defect: unknown): Problem | null => {
  const code = errorCode(defect)
  if (
    !(defect instanceof Error) ||
    !codes.has(code) ||
    !("path" in defect) ||
    typeof defect.path !== "string"
  )
    return null
  const { path } = defect
  if (!path.startsWith(`${root}/`)) return null
  return problem(
    "StoreError",
    `${path} cannot be used: ${defect.message}`,
    "Another file is in its place, or its permissions have changed. Move it away, or restore the original file.",
    {
      path,
      code
    }
  )
}
