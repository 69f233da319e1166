/** Prints the life of an aggregate: its statuses as a diagram, and which command each status accepts as a table. */
import { markdownTable } from "../markdown.ts"

/** The life of an aggregate as data. Every aggregate has one, and `decide` reads its `accepts`. */
export interface Lifecycle<Status extends string, Command extends string> {
  /** What each status means, in the order in which they are shown. */
  readonly statuses: Readonly<Record<Status, string>>
  /** When each command is given. */
  readonly commands: Readonly<Record<Command, string>>
  /** For each status the commands it accepts, and the statuses that each can lead to. */
  readonly accepts: Readonly<
    Record<Status, { readonly [command in Command]?: ReadonlyArray<Status> }>
  >
  /** The statuses of a new one, each with why. */
  readonly created: Readonly<Partial<Record<Status, string>>>
  /** The statuses in which nothing happens by itself any more. */
  readonly final: ReadonlyArray<Status>
}

type AnyLifecycle = Lifecycle<string, string>

/** One arrow for each pair of statuses, with all commands that lead that way. */
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

/** A row for each status, with the statuses that each command leads to. */
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

/** A row for each name with what it means. */
export const printMeanings = (head: string, texts: Readonly<Record<string, string>>): string =>
  markdownTable(
    [head, "means"],
    Object.entries(texts).map(([name, text]) => [`\`${name}\``, text])
  )

/** The section of an aggregate: diagram, statuses, commands and what each status accepts. */
export const printLifecycle = (title: string, life: AnyLifecycle): string =>
  `## ${title}

${printDiagram(life)}

${printMeanings("status", life.statuses)}

${printMeanings("command", life.commands)}

${printAcceptance(life)}
`
