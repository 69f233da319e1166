/** Prints the data of an answer that no engine wrote. */
import type { OutgoingCall } from "@backbeat/client/callEngine"
import { exitCodes, succeeded } from "@backbeat/contract/Envelope"
import type { HumanForm, Operation } from "@backbeat/contract/Operation"
import { pick } from "@backbeat/contract/pick"
import { print } from "./print.ts"
import { printPicked } from "./printPicked.ts"

/** The answer as text for people. */
export const textFor = async (
  form: HumanForm | undefined,
  data: unknown,
  { flags }: Pick<OutgoingCall, "flags">
): Promise<string> => {
  const { humanText } = await import("@backbeat/engine/human/humanText")
  return humanText(form, data, {
    color: flags["color"] === true,
    zone: String(flags["zone"]),
    now: Date.now()
  })
}

/** Prints the answer as the flags say; the exit code. */
export const printData = async (
  { name, human }: Pick<Operation, "name" | "human">,
  data: unknown,
  { flags }: OutgoingCall
): Promise<number> => {
  const { get } = flags
  if (typeof get === "string") return printPicked(name, pick(name, data, get))
  if (flags["human"] === true) {
    await print("stdout", `${await textFor(human, data, { flags })}\n`)
    return exitCodes.ok
  }
  const document = JSON.stringify(
    succeeded(name, data),
    null,
    flags["pretty"] === true ? 2 : undefined
  )
  await print("stdout", `${document}\n`)
  return exitCodes.ok
}
