/** What became of ticks, as answers show it: each run with how it stands now. */
import type { TickAnswer } from "@backbeat/contract/ScheduleAnswer"
import { pipelineAggregate } from "@backbeat/core/pipeline/aggregate"
import type { Run, Tick } from "@backbeat/core/schedule/Tick"
import { AggregateStore } from "@backbeat/store/AggregateStore"
import { TaskStore } from "@backbeat/store/TaskStore"
import * as Effect from "effect/Effect"
import { toProblem } from "../call/Call.ts"
import { once } from "../wiring/once.ts"
import { iso } from "./taskAnswer.ts"

const shown = (tick: Tick, run: TickAnswer["run"] | undefined, named: boolean): TickAnswer => ({
  tick: tick.key,
  ...(named ? { scheduleId: tick.scheduleId } : {}),
  scheduledFor: iso(tick.scheduledFor),
  ...(tick.result === "fired"
    ? { firedAt: iso(tick.at), latenessMs: Math.max(0, tick.at - tick.scheduledFor) }
    : {}),
  ...(tick.manual ? { manual: true } : {}),
  result: tick.result,
  ...(tick.cause === null ? {} : { cause: tick.cause }),
  ...(run === undefined ? {} : { run }),
  ...(tick.count > 1 ? { count: tick.count } : {}),
  ...(tick.until === null ? {} : { until: iso(tick.until) })
})

/** Shows ticks; made once. `named` says whether each names its schedule. Fails with StoreError. */
export const makeTickAnswers = once(
  Effect.gen(function* () {
    const tasks = yield* TaskStore
    const aggregates = yield* AggregateStore

    const statusOf = Effect.fnUntraced(function* ({ kind, id }: Run) {
      if (kind === "pipeline")
        return (yield* aggregates.find(pipelineAggregate, id))?.state.status ?? "removed"
      return (yield* tasks.find(id))?.state.status ?? "removed"
    })

    const runOf = Effect.fnUntraced(function* ({ run, end, at }: Tick) {
      if (run === null) return undefined
      return end === null
        ? { ...run, status: yield* statusOf(run) }
        : { ...run, status: end.status, durationMs: Math.max(0, Math.round(end.endedAt - at)) }
    })

    return (ticks: ReadonlyArray<Tick>, named: boolean) =>
      Effect.forEach(ticks, (tick) =>
        Effect.map(runOf(tick), (run) => shown(tick, run, named))
      ).pipe(Effect.mapError(toProblem))
  })
)
