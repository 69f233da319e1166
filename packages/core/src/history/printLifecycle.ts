/**
 * Prints the lifecycle of an aggregate: its statuses as a diagram, and the accepted commands as a
 * table.
 */
import { markdownTable } from "../markdown.ts"

/** The lifecycle of an aggregate as data. `decide` reads its `accepts`. */
export interface Lifecycle<Status extends string, Command extends string> {
  /** The meaning of each status, in the order of printing. */
  readonly statuses: Readonly<Record<Status, string>>
  /** When each command is given. */
  readonly commands: Readonly<Record<Command, string>>
  /** For each status, the accepted commands and the statuses to which each can lead. */
  readonly accepts: Readonly<
    Record<Status, { readonly [command in Command]?: ReadonlyArray<Status> }>
  >
  /** The possible first statuses, each with its reason. */
  readonly created: Readonly<Partial<Record<Status, string>>>
  /** The statuses that only a caller's command leaves. */
  readonly final: ReadonlyArray<Status>
}

type AnyLifecycle = Lifecycle<string, string>

/** One arrow for each pair of statuses, with all commands that lead from one to the other. */
const arrowsOf = ({ accepts }: AnyLifecycle): ReadonlyArray<string> => {
  const statuses = Object.keys(accepts)
  return statuses.flatMap((from) =>
    statuses.flatMap((to) => {
      const commands = Object.entries(accepts[from] ?? {}).flatMap(([command, reached]) =>
        reached?.includes(to) === true ? [command] : []
      )
      return commands.length === 0 ? [] : [`  ${from} --> ${to}: ${commands.join(", ")}`]
    })
  )
}

/** The diagram of the statuses. */
export const printDiagram = (life: AnyLifecycle): string =>
  [
    "```mermaid",
    "stateDiagram-v2",
    ...Object.entries(life.created).map(([status, why]) => `  [*] --> ${status}: ${why}`),
    ...arrowsOf(life),
    ...life.final.map((status) => `  ${status} --> [*]`),
    "```"
  ].join("\n")

/** A table with a row for each status, and the statuses to which each command leads. */
export const printAcceptance = ({ accepts, commands }: AnyLifecycle): string =>
  markdownTable(
    ["", ...Object.keys(commands)],
    Object.entries(accepts).map(([status, reached]) => [
      `\`${status}\``,
      ...Object.keys(commands).map((command) =>
        (reached[command] ?? []).map((to) => `\`${to}\``).join(" ")
      )
    ])
  )

/** A table with a row for each name, and its meaning. */
export const printMeanings = (head: string, texts: Readonly<Record<string, string>>): string =>
  markdownTable(
    [head, "means"],
    Object.entries(texts).map(([name, text]) => [`\`${name}\``, text])
  )

/** The section of an aggregate: diagram, statuses, commands, and accepted commands. */
export const printLifecycle = (title: string, life: AnyLifecycle): string =>
  `## ${title}

${printDiagram(life)}

${printMeanings("status", life.statuses)}

${printMeanings("command", life.commands)}

${printAcceptance(life)}
`
