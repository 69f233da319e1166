/** Loops of which a test says only what matters to it, and what happens to them. */
import { decide } from "@backbeat/core/loop/decide"
import { created, evolve } from "@backbeat/core/loop/evolve"
import type { Iteration, WorkEnd } from "@backbeat/core/loop/Iteration"
import { type Loop, stepOf } from "@backbeat/core/loop/Loop"
import type { LoopCommand } from "@backbeat/core/loop/LoopCommand"
import type { LoopEvent } from "@backbeat/core/loop/LoopEvent"
import type { LoopSpec, Strategy } from "@backbeat/core/loop/LoopSpec"
import type { EvaluationEnd } from "@backbeat/core/loop/verdict"
import type { Actor } from "@backbeat/core/history/Actor"
import * as Result from "effect/Result"

export const someone: Actor = { kind: "caller", client: "test" }
export const owner = { sessionId: null, taskId: null, depth: 0 }

export const retry: LoopSpec = {
  title: null,
  work: { kind: "task", payload: { prompt: "Make it pass." } },
  strategy: { kind: "retry" },
  evaluation: { kind: "command", command: "npm test" },
  evalTimeout: 60_000,
  maxIterations: 10,
  maxConsecutiveFailures: 3,
  maxDurationMs: null,
  maxCostUsd: null,
  cooldown: 0,
  freshContext: true,
  feedback: true,
  onUsageLimit: "wait",
  git: null,
  cwd: "/w",
  umask: 0o022
}

type Optimize = Extract<Strategy, { readonly kind: "optimize" }>

export const optimize = (
  fields: Partial<Optimize> = {},
  spec: Partial<LoopSpec> = {}
): LoopSpec => ({
  ...retry,
  strategy: {
    kind: "optimize",
    direction: "maximize",
    targetScore: null,
    minImprovement: 0,
    evalRepeats: 1,
    baseline: false,
    patience: 0,
    ...fields
  },
  ...spec
})

export const git = {
  repository: "/r",
  base: "b0",
  branch: "backbeat/l",
  prefix: "",
  setup: null,
  copy: [],
  protect: []
}

export const done: WorkEnd = {
  how: "completed",
  message: null,
  costUsd: null,
  tree: null,
  isEmpty: false,
  limitedUntil: null
}

export const exited = (exitCode: number, lastLine: string | null = null): EvaluationEnd => ({
  exitCode,
  signal: null,
  failure: exitCode === 0 ? null : { type: "ExitedNonZero", exitCode },
  stopped: false,
  durationMs: 5,
  costUsd: null,
  lastLine,
  structured: null,
  lastLines: lastLine === null ? [] : [lastLine]
})

/** A loop with the events that led to it. */
export class Story {
  loop: Loop
  at: number
  readonly events: Array<LoopEvent> = []
  /** Each command with the statuses before and behind it. */
  readonly taken: Array<string> = []

  constructor(spec: Partial<LoopSpec> = {}, at = 1000, tree: string | null = null) {
    this.at = at
    this.loop = created("l", { type: "loop.created", loop: { ...retry, ...spec }, owner, tree }, at)
  }

  /** Tells the events of a command; fails when it is refused. */
  tell(command: LoopCommand, laterMs = 10): this {
    this.at += laterMs
    const events = Result.getOrThrow(decide(command, this.loop, this.at))
    this.events.push(...events)
    const from = this.status
    this.loop = events.reduce(
      (each, event) => evolve(each, event, { at: this.at, actor: someone }),
      this.loop
    )
    this.taken.push(`${from} ${command.type} ${this.status}`)
    return this
  }

  begin(id = `l.${this.loop.progress.iterations + 1}`): this {
    return this.tell({ type: "BeginIteration", id })
  }

  work(end: Partial<WorkEnd> = {}): this {
    const step = stepOf(this.loop)
    const id = step?.kind === "working" ? (step.current.id ?? "") : ""
    return this.tell({ type: "EndIteration", id, end: { ...done, ...end } })
  }

  judge(end: EvaluationEnd): this {
    const taskId = "l.eval"
    return this.tell({ type: "BeginEvaluation", taskId }).tell({
      type: "EndEvaluation",
      taskId,
      end
    })
  }

  /** A whole iteration that is evaluated so. */
  round(end: EvaluationEnd, work: Partial<WorkEnd> = {}): this {
    return this.begin().work(work).judge(end)
  }

  get status(): string {
    return this.loop.state.status
  }

  get reason(): string | null {
    return "reason" in this.loop.state ? this.loop.state.reason : null
  }

  get step(): string | null {
    return stepOf(this.loop)?.kind ?? null
  }

  get iterations(): ReadonlyArray<Iteration> {
    return this.events.flatMap((event) =>
      event.type === "loop.iteration.evaluated" ? [event.iteration] : []
    )
  }

  get results(): ReadonlyArray<string> {
    return this.iterations.map(({ result }) => result)
  }
}
