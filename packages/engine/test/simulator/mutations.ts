/** Mendings taken back, one at a time: each makes the engine lie, and the simulator has to see it. */

/** A change of a file below packages/engine/src, in which `from` stands once. */
export interface Edit {
  readonly file: string
  readonly from: string
  readonly to: string
}

/** What is taken back. */
export interface Mutation {
  readonly name: string
  /** What the engine does then. */
  readonly wrong: string
  readonly edits: ReadonlyArray<Edit>
}

/** The text with the edit made. Throws when it does not have the place exactly once. */
export const applyEdit = (text: string, { file, from, to }: Edit): string => {
  if (text.split(from).length !== 2) throw new Error(`${file} does not have once: ${from}`)
  return text.replace(from, () => to)
}

/** All of them. */
export const mutations: ReadonlyArray<Mutation> = [
  {
    name: "time-from-commit",
    wrong: "the time of an attempt counts from the commit that opened it, not from its spawn",
    edits: [
      {
        file: "supervisor/open.ts",
        from: "{ pid: opened.pid, startedAt: yield* Clock.currentTimeMillis }",
        to: '{ pid: opened.pid, startedAt: task.state.status === "running" ? task.state.startedAt : null }'
      }
    ]
  },
  {
    name: "late-limit",
    wrong: "a limit that rings late wins over an end that is on record",
    edits: [
      {
        file: "attempt/MonitoredAttempts.ts",
        from: "isEndKnown || readExitRecord(dir) !== null",
        to: "isEndKnown"
      }
    ]
  },
  {
    name: "stop-without-leftovers",
    wrong: "a stop between two attempts leaves what the first one has left",
    edits: [
      {
        file: "handlers/control.ts",
        from: "leftover: isSame ? leftover : withLeftovers(root, [task]).has(seen.id)",
        to: "leftover: false"
      }
    ]
  },
  {
    name: "stop-of-what-was-seen",
    wrong: "a stop waits for the attempt that it saw, and not for the one that it stops",
    edits: [
      {
        file: "handlers/control.ts",
        from: "const { attempt } = asked.success",
        to: "const { attempt } = task.state"
      }
    ]
  }
]
