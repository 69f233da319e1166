/** The surfaces by their names. */
import type { SurfaceName } from "../names.ts"
import { commandLine } from "./commandLine.ts"
import type { Surface } from "./Surface.ts"
import { tools } from "./tools.ts"

const surfaces: Readonly<Record<SurfaceName, Surface>> = { cli: commandLine, mcp: tools }

/** The surface of a caller; by default the command line. */
export const surfaceOf = (name: SurfaceName = "cli"): Surface => surfaces[name]
