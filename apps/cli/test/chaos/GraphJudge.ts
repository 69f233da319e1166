/** The judgement on a graph that has ended: what backbeat says and what really ran, against the model. */
import * as Schema from "effect/Schema"
import {
  brokenEdges,
  type End,
  endsOf,
  type GraphTask,
  suits
} from "@backbeat/engine/test/oracle/GraphModel"
import { type Rig } from "../Rig.ts"
import { isAlive } from "../processes.ts"
import type { Mark } from "./Marks.ts"

const Shown = Schema.Struct({
  id: Schema.String,
  status: Schema.String,
  attempt: Schema.Int,
  exitCode: Schema.NullOr(Schema.Int),
  failure: Schema.NullOr(
    Schema.Struct({
      type: Schema.String,
      taskId: Schema.optionalKey(Schema.String),
      through: Schema.optionalKey(Schema.String)
    })
  )
})
type Shown = typeof Shown.Type

const decodePage = Schema.decodeUnknownSync(
  Schema.Struct({ tasks: Schema.Array(Shown), next: Schema.NullOr(Schema.String) })
)

const shownIn = async (rig: Rig): Promise<ReadonlyMap<string, Shown>> => {
  const all = new Map<string, Shown>()
  for (let after: string | null = null; ;) {
    const page = decodePage(
      await rig.data("list", { limit: 500, ...(after === null ? {} : { after }) })
    )
    for (const task of page.tasks) all.set(task.id, task)
    after = page.next
    if (after === null) return all
  }
}

/** What is known of a graph: `positions` has the line behind which each end can have come at the earliest. */
interface Evidence {
  readonly shown: ReadonlyMap<string, Shown>
  readonly marks: ReadonlyMap<string, ReadonlyArray<Mark & { readonly at: number }>>
  readonly ends: ReadonlyMap<string, End>
  readonly positions: Map<string, number>
}

/** How the tasks ended, and all that is wrong, one line each. Each task comes behind what it depends on. */
export interface Judgement {
  readonly ends: ReadonlyMap<string, End>
  readonly flaws: ReadonlyArray<string>
}

/** Compares everything in a home with the model. */
export const judge = async (
  rig: Rig,
  tasks: ReadonlyArray<GraphTask>,
  marks: ReadonlyArray<Mark>
): Promise<Judgement> => {
  const shown = await shownIn(rig)
  const asked = new Set(marks.flatMap(({ what, id }) => (what === "stop" ? [id] : [])))
  const stopped = new Set(
    [...asked].filter(
      (id) => shown.get(id)?.status === "cancelled" && shown.get(id)?.failure === null
    )
  )
  const evidence: Evidence = {
    shown,
    marks: Map.groupBy(
      marks.map((mark, at) => ({ ...mark, at })),
      ({ id }) => id
    ),
    ends: endsOf(tasks, stopped),
    positions: new Map()
  }
  const flaws = tasks.flatMap((task) => {
    evidence.positions.set(task.id, positionOf(task, evidence))
    return flawsOf(task, evidence).map(
      (flaw) =>
        `${task.id} ${JSON.stringify(shown.get(task.id))}: ${flaw}; it is ${JSON.stringify(task)}`
    )
  })
  return { ends: evidence.ends, flaws }
}

const endIn = (id: string, { ends }: Evidence): End => ends.get(id) ?? "stopped"

const linesOf = (id: string, what: Mark["what"], { marks }: Evidence) =>
  (marks.get(id) ?? []).filter((mark) => mark.what === what)

const positionOf = (task: GraphTask, evidence: Evidence): number => {
  switch (endIn(task.id, evidence)) {
    case "withdrawn":
      return Math.min(
        ...brokenEdges(task, evidence.ends).map((edge) => evidence.positions.get(edge.task) ?? 0)
      )
    case "stopped":
      return linesOf(task.id, "stop", evidence)[0]?.at ?? Number.POSITIVE_INFINITY
    default:
      return linesOf(task.id, "end", evidence).at(-1)?.at ?? Number.POSITIVE_INFINITY
  }
}

const flawsOf = (task: GraphTask, evidence: Evidence): ReadonlyArray<string> => {
  const shown = evidence.shown.get(task.id)
  if (shown === undefined) return ["it is not known"]
  return [
    flawOfEnd(task, shown, evidence),
    flawOfAttempts(task, evidence),
    ...flawsOfOrder(task, evidence)
  ].filter((flaw) => flaw !== null)
}

const flawOfEnd = (task: GraphTask, shown: Shown, evidence: Evidence): string | null => {
  const end = endIn(task.id, evidence)
  const statuses = {
    success: "completed",
    failure: "failed",
    stopped: "cancelled",
    withdrawn: "cancelled"
  }
  if (shown.status !== statuses[end]) return `it should be ${statuses[end]} (${end})`
  if (end === "stopped") return null
  if (end === "withdrawn") return flawOfWithdrawal(task, shown, evidence)
  if (shown.exitCode !== task.exitCodes.at(-1)) return "another exit code"
  return shown.failure?.type === (end === "success" ? undefined : "ExitedNonZero")
    ? null
    : "another failure"
}

/** The direct dependency that is named must be broken, and what it was itself withdrawn for must be the beginning. */
const flawOfWithdrawal = (
  task: GraphTask,
  { failure }: Shown,
  evidence: Evidence
): string | null => {
  if (failure?.type !== "DependencyFailed") return "another failure"
  const direct = failure.through ?? failure.taskId ?? ""
  if (!brokenEdges(task, evidence.ends).some((edge) => edge.task === direct))
    return `${direct} is no reason`
  const beginning = evidence.shown.get(direct)?.failure
  const withdrawn = endIn(direct, evidence) === "withdrawn"
  if (withdrawn !== (failure.through !== undefined))
    return `${direct} is ${withdrawn ? "not " : ""}where it began`
  return withdrawn && beginning?.taskId !== failure.taskId
    ? "it names another beginning than what it depends on"
    : null
}

const flawOfAttempts = (task: GraphTask, evidence: Evidence): string | null => {
  const begun = linesOf(task.id, "start", evidence)
  const ended = linesOf(task.id, "end", evidence)
  const numbers = begun.map(({ attempt }) => attempt).join()
  const all = task.exitCodes.map((_, index) => index + 1)
  const alive = begun.filter(({ value }) => isAlive(value))
  if (alive.length > 0) return `it runs: ${JSON.stringify(alive)}`
  switch (endIn(task.id, evidence)) {
    case "withdrawn":
      return numbers === "" ? null : `it never should have run: attempts ${numbers}`
    case "stopped":
      return numbers === all.slice(0, begun.length).join() ? null : `attempts ${numbers}`
    default:
      return numbers === all.join() && ended.map(({ attempt }) => attempt).join() === numbers
        ? null
        : `attempts ${numbers}, not ${all.join()}`
  }
}

const flawsOfOrder = (task: GraphTask, evidence: Evidence): ReadonlyArray<string> => {
  const startedAt = linesOf(task.id, "start", evidence)[0]?.at
  if (startedAt === undefined) return []
  return task.dependsOn.flatMap((edge) => {
    const endedAt = evidence.positions.get(edge.task) ?? Number.POSITIVE_INFINITY
    if (!suits(edge.on, endIn(edge.task, evidence)))
      return [`it started, but ${edge.task} ended otherwise than ${edge.on}`]
    return endedAt < startedAt ? [] : [`it started before the end of ${edge.task}`]
  })
}
