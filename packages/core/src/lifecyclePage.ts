/** Prints docs/lifecycle.md: the life of each aggregate. */
import { printLifecycle } from "./history/printLifecycle.ts"
import { loopLifecycle } from "./loop/lifecycle.ts"
import { pipelineLifecycle } from "./pipeline/lifecycle.ts"
import { scheduleLifecycle } from "./schedule/lifecycle.ts"
import { lifecycleDiagram } from "./task/lifecycleDiagram.ts"

/** The text of docs/lifecycle.md. */
export const lifecyclePage = (): string =>
  [
    "# Lifecycles\n",
    "<!-- Printed from packages/core/src by `bun scripts/docs.ts`. Change it there. -->\n",
    lifecycleDiagram(),
    printLifecycle("Pipeline", pipelineLifecycle),
    printLifecycle("Schedule", scheduleLifecycle),
    printLifecycle("Loop", loopLifecycle)
  ].join("\n")
