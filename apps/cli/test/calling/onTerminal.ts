/** Makes a call on a pseudo-terminal, as a person would. Source: util-linux script(1). */
import { type Rig } from "../Rig.ts"
import { binary } from "../binary.ts"

/** What it showed, stdout and stderr together, with plain line ends; `typed` is what the person types. */
export const onTerminal = async (
  rig: Rig,
  args: ReadonlyArray<string>,
  {
    env = {},
    home,
    typed
  }: {
    readonly env?: Readonly<Record<string, string>>
    readonly home?: string
    readonly typed?: string
  } = {}
): Promise<string> => {
  const line = [binary, ...args]
    .map((word) => `'${word.replaceAll("'", String.raw`'\''`)}'`)
    .join(" ")
  const child = Bun.spawn(["script", "-qec", line, "/dev/null"], {
    cwd: rig.scratch,
    env: {
      ...rig.environment({ NO_COLOR: undefined }),
      ...env,
      ...(home === undefined ? {} : { BACKBEAT_HOME: home })
    },
    stdio: [typed === undefined ? "ignore" : new Blob([typed]), "pipe", "ignore"]
  })
  const [text] = await Promise.all([child.stdout.text(), child.exited])
  return text.replaceAll("\r\n", "\n")
}
