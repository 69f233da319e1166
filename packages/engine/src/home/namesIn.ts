/** Lists a folder. */
import { readdirSync } from "../system/files.ts"

/** The names in a folder; null if it is missing, not a folder, or unreadable. */
export const namesIn = (dir: string): ReadonlyArray<string> | null => {
  try {
    return readdirSync(dir)
  } catch {
    return null
  }
}
