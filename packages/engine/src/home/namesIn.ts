/** What is in a folder. */
import { readdirSync } from "../system/files.ts"

/** The names in a folder; null when it is missing, no folder, or cannot be read. */
export const namesIn = (dir: string): ReadonlyArray<string> | null => {
  try {
    return readdirSync(dir)
  } catch {
    return null
  }
}
