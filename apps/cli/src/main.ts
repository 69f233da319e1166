/**
 * The entry of the binary. It sends what was typed to the engine and prints the answer. Everything
 * else is loaded on demand.
 */
import { callEngine, type OutgoingCall, type Target } from "@backbeat/client/callEngine"
import { findHome } from "@backbeat/client/Home"
import { NotStarted } from "@backbeat/client/Unreachable"
import { entryRowOf } from "@backbeat/contract/names"
import { exitHeader, failureHeader, refusedStatus, streamType } from "@backbeat/contract/protocol"
import { type CommandLine, parseCommandLine, type TypedCall } from "./commandLine.ts"
import { outgoing, targetOf } from "./outgoing.ts"
import { print } from "./print.ts"
import { onTerminal } from "./terminal.ts"

const printRefusal = async (
  document: string,
  line: TypedCall,
  isForPeople: boolean
): Promise<boolean> => {
  const { amendRefusal } = await import("./amendRefusal.ts")
  const amended = amendRefusal(document, line)
  return print(
    "stderr",
    `${isForPeople ? (await import("./humanError.ts")).humanError(amended) : amended}\n`
  )
}

const printAnswer = async (
  response: Response,
  target: Target,
  call: OutgoingCall,
  line: TypedCall
): Promise<number> => {
  const exitCode = Number(response.headers.get(exitHeader) ?? 70)
  if (response.headers.get("content-type") === streamType) {
    const { printStream } = await import("./printStream.ts")
    return printStream(response, target, call)
  }
  const text = await response.text()
  await (response.headers.has(failureHeader)
    ? printRefusal(text, line, call.flags["human"] === true)
    : print("stdout", `${text}\n`))
  return exitCode
}

/**
 * The engine's answer; null if no engine should start. If none can start, also the reason, for a
 * call that is then answered without one.
 */
const answered = async (
  target: Target,
  call: OutgoingCall
): Promise<Response | NotStarted | null> => {
  try {
    return await callEngine(target, call)
  } catch (thrown) {
    const isAnsweredWithout = entryRowOf(call.operation)?.engine === "prefers"
    if (isAnsweredWithout && thrown instanceof NotStarted) return thrown
    throw thrown
  }
}

const run = async (line: CommandLine): Promise<number> => {
  if (line.kind !== "call") {
    if (process.argv.length === 2 && (await onTerminal()))
      return (await import("./overview.ts")).overview(findHome(undefined, process.env).root)
    const { answerLocally } = await import("./answerLocally.ts")
    return answerLocally(line)
  }
  const row = entryRowOf(line.operation)
  if (row?.engine === "none") {
    const { discover } = await import("./discover.ts")
    return discover(await outgoing(line))
  }
  if (row?.engine === "here") {
    const { answerHere } = await import("./answerHere.ts")
    return answerHere(line, await outgoing(line))
  }
  const asked =
    row?.asks !== undefined && line.payload === null
      ? await (await import("./questions.ts")).ask(row.asks, line)
      : line
  const [target, call] = [await targetOf(asked), await outgoing(asked)]
  const response = await answered(target, call)
  if (response instanceof Response) return printAnswer(response, target, call, asked)
  const { withoutEngine } = await import("./withoutEngine.ts")
  return withoutEngine(line, response)
}

/**
 * With --exit-status, a call that is rejected here has the same exit code as one that the engine
 * rejects.
 */
const codeOf = (exitCode: number, args: ReadonlyArray<string>): number => {
  const typed = args.includes("--") ? args.slice(0, args.indexOf("--")) : args
  return exitCode === 1 && typed.includes("--exit-status") ? refusedStatus : exitCode
}

const main = async (args: ReadonlyArray<string>): Promise<number> => {
  if (args[0] === "engine-role") {
    const { engineRole } = await import("./engineRole.ts")
    return engineRole({ root: args[1] ?? "", configPath: args[2] ?? "" })
  }
  const line = parseCommandLine(args)
  try {
    return line.kind === "mistake" ? codeOf(await run(line), args) : await run(line)
  } catch (thrown) {
    const { explain } = await import("./explain.ts")
    return codeOf(await explain(line.kind === "call" ? line.operation : "help", thrown), args)
  }
}

process.exit(await main(process.argv.slice(2)))
