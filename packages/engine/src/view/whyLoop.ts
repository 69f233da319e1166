/** Explains a loop: what it waits for, and what ends it. */
import type { Output } from "@backbeat/contract/table"
import { callOf, sentence, type Text } from "@backbeat/contract/Text"
import { type Loop, stepOf } from "@backbeat/core/loop/Loop"
import { actorName } from "../call/actorName.ts"
import { waitsForOf } from "./LoopView.ts"
import { iso } from "./taskAnswer.ts"

type Reason = Output<"why">["because"][number]
type Explanation = Omit<Output<"why">, "next"> & { readonly next: Text | null }

const waitTexts: Readonly<Record<NonNullable<ReturnType<typeof waitsForOf>>["for"], string>> = {
  worktree: "it waits until the engine has changed its worktree",
  setup: "it waits for the end of git.setup",
  iteration: "it waits for the end of iteration",
  evaluation: "it waits for the evaluation of iteration",
  cooldown: "it waits for the end of its cooldown",
  usageLimit: "it waits until the usage limit of its agent is over",
  refused: "it could not start its next iteration, and tries again",
  resume: "it is paused"
}

const waiting = (loop: Loop, since: string): ReadonlyArray<Reason> => {
  const waits = waitsForOf(loop)
  if (waits === null || waits === undefined) return []
  const { for: what, id, number, until, message } = waits
  const numbered = what === "iteration" || what === "evaluation"
  const text = [
    waitTexts[what],
    ...(numbered && number !== undefined ? [` ${number}`] : []),
    ...(id === undefined ? [] : [`, ${id}`]),
    ...(message === undefined ? [] : [`: ${message}`])
  ].join("")
  return [{ what: text, since, ...(until === undefined ? {} : { until }) }]
}

const asked = ({ state, createdAt }: Loop): ReadonlyArray<Reason> => {
  if (!("by" in state)) return []
  const reason = state.status === "stopping" ? state.goal.reason : state.reason
  const told = reason === null ? "" : `: ${reason}`
  const what = state.status === "pausing" || state.status === "paused" ? "its pause" : "its end"
  const since =
    state.status === "paused" ? state.since : "endedAt" in state ? state.endedAt : createdAt
  return [
    {
      what: `${what} was requested by ${actorName(state.by)}${told}`,
      since: iso(since),
      actor: state.by
    }
  ]
}

const lastOf = ({ progress: { last } }: Loop, since: string): ReadonlyArray<Reason> => {
  if (last === null) return []
  const score = last.score === null ? "" : `, score ${last.score}`
  const reason = last.reason === null ? "" : `: ${last.reason}`
  return [{ what: `iteration ${last.number} was ${last.result}${score}${reason}`, since }]
}

const bestOf = ({ progress: { best } }: Loop, since: string): ReadonlyArray<Reason> =>
  best === null
    ? []
    : [{ what: `the best score is ${best.score}, of iteration ${best.iteration}`, since }]

const unchanged = ({ progress }: Loop, since: string): ReadonlyArray<Reason> =>
  progress.unchangedInRow < 3
    ? []
    : [
        {
          what: `its last ${progress.unchangedInRow} iterations changed no tracked file`,
          since
        }
      ]

/** What ends it, in the order in which it is checked. */
const endsOf = ({ spec, progress }: Loop): Text => {
  const { strategy, maxIterations, maxConsecutiveFailures: crashes } = spec
  const ends = [
    ...(strategy.kind === "retry" ? ["an evaluation passes"] : []),
    ...(strategy.kind === "optimize" && strategy.targetScore !== null
      ? [`its score reaches ${strategy.targetScore}`]
      : []),
    ...(crashes === 0
      ? []
      : [`${crashes} iterations in a row crash (${progress.crashesInRow} now)`]),
    ...(strategy.kind === "optimize" && strategy.patience > 0
      ? [`${strategy.patience} iterations in a row keep nothing (${progress.discardsInRow} now)`]
      : []),
    ...(maxIterations === 0
      ? []
      : [`iteration ${maxIterations} is over (${progress.iterations} are)`]),
    ...(spec.maxDurationMs === null ? [] : [`it has run for ${spec.maxDurationMs} ms`]),
    ...(spec.maxCostUsd === null
      ? []
      : [`it has cost $${spec.maxCostUsd} ($${progress.costUsd ?? 0} now)`])
  ]
  return ends.length === 0
    ? sentence`Nothing but ${callOf("loop cancel")} ends it.`
    : `It ends when ${ends.join(", or when ")}.`
}

const endOf = (loop: Loop): ReadonlyArray<Reason> => {
  const { state } = loop
  if (state.status !== "completed" && state.status !== "failed") return []
  const what = state.reason ?? `iteration ${loop.progress.last?.number ?? 0} passed`
  return [{ what, since: iso(state.endedAt) }]
}

const nextOf = (loop: Loop): Text | null => {
  if (stepOf(loop) === null) return null
  return loop.state.status === "paused"
    ? sentence`Use ${callOf("loop resume", { id: loop.id })} to continue.`
    : endsOf(loop)
}

/** Explains a loop. */
export const whyLoop = (loop: Loop): Explanation => {
  const { state, createdAt } = loop
  const since = iso("endedAt" in state ? state.endedAt : createdAt)
  return {
    status: state.status,
    because: [
      ...asked(loop),
      ...endOf(loop),
      ...waiting(loop, since),
      ...(state.status === "completed" && state.reason === null ? [] : lastOf(loop, since)),
      ...bestOf(loop, since),
      ...unchanged(loop, since)
    ],
    next: nextOf(loop)
  }
}
