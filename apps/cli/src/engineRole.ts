/** The engine role of the binary, as a call starts it. */
import type { HomePaths } from "@backbeat/client/Home"
import { reportStartup } from "@backbeat/engine/life/announce"
import { engineMain } from "./engineMain.ts"

/** Serves the home, or reports to the caller that started it why not. */
export const engineRole = async (place: HomePaths): Promise<number> => {
  const came = await engineMain(place, { inForeground: false })
  if (came === "elsewhere") reportStartup({ state: "elsewhere" })
  else if (came !== "served") reportStartup({ state: "failed", problem: came })
  return 0
}
