/** What must become of tasks that wait for each other: worked out from what they are, without anything of backbeat's own code. */

/** A task of a graph. Every attempt but its last fails and is tried again. */
export interface GraphTask {
  readonly id: string
  readonly dependsOn: ReadonlyArray<Edge>
  /** By attempt. */
  readonly exitCodes: readonly [number, ...Array<number>]
}

/** A task that must end, and how. */
export interface Edge {
  readonly task: string
  readonly on: "success" | "failure" | "end"
}

/** How a task ends: by itself, because somebody stopped it, or because it waited in vain. */
export type End = "success" | "failure" | "stopped" | "withdrawn"

/** Whether an end is the one that an edge needs. */
export const suits = (on: Edge["on"], end: End): boolean => {
  if (on === "end") return true
  return on === "success" ? end === "success" : end === "failure" || end === "withdrawn"
}

/** The edges of a task that can no longer hold. */
export const brokenEdges = (
  { dependsOn }: GraphTask,
  ends: ReadonlyMap<string, End>
): ReadonlyArray<Edge> =>
  dependsOn.filter(({ task, on }) => !suits(on, ends.get(task) ?? "stopped"))

/** The end of a task, from the ends of what it depends on. `stopped` are those that somebody stopped in time. */
export const endOf = (
  task: GraphTask,
  ends: ReadonlyMap<string, End>,
  stopped: ReadonlySet<string>
): End => {
  if (stopped.has(task.id)) return "stopped"
  if (brokenEdges(task, ends).length > 0) return "withdrawn"
  return task.exitCodes.at(-1) === 0 ? "success" : "failure"
}

/** The end of every task, each of which comes behind what it depends on. */
export const endsOf = (
  tasks: ReadonlyArray<GraphTask>,
  stopped: ReadonlySet<string>
): ReadonlyMap<string, End> => {
  const ends = new Map<string, End>()
  for (const task of tasks) ends.set(task.id, endOf(task, ends, stopped))
  return ends
}
