/** Something in the home that is not what belongs there: it is no defect of backbeat, and the answer names it. */
import { type Problem, problem } from "@backbeat/contract/Problem"
import { errorCode } from "../process/thrown.ts"

/** What system calls say of a file in the place of a folder, a folder in the place of a file, and what may not be used. */
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

/** The problem, when a system call failed at a path of the home with one of these; null for any other defect. */
export const misplaced = (root: string, defect: unknown): Problem | null => {
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
