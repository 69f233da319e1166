/**
 * Talking to a command whose stdin is open: the `stdin` FIFO takes text, and a line on `eof` ends the holder inside the
 * attempt that keeps it open. Works from any engine, also after the one that opened the attempt was killed.
 */
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import { closeSync, constants, existsSync, openSync, rmSync, writeSync } from "../system/files.ts"
import { join } from "node:path"
import { ofProcess } from "../system/ofProcess.ts"
import { errorCode } from "./thrown.ts"

/** The command reads no more: it ended, its stdin was closed, or never was open. */
export class StdinClosed extends Data.TaggedError("StdinClosed")<{
  readonly deliveredBytes: number
}> {}

/** The pipe stayed full until the timeout; what follows the first `deliveredBytes` bytes was not and will not be sent. */
export class StdinBlocked extends Data.TaggedError("StdinBlocked")<{
  readonly deliveredBytes: number
}> {}

type Delivery = {
  readonly fd: number
  readonly bytes: Buffer
  deliveredBytes: number
  abandoned: boolean
}

/** The last text under way per FIFO: two texts must not mix. */
const deliveries = ofProcess(() => new Map<string, Promise<void>>())

const openWrite = (path: string): number | null => {
  try {
    return openSync(path, constants.O_WRONLY | constants.O_NONBLOCK)
  } catch (refusal) {
    if (["ENOENT", "ENOTDIR", "EISDIR", "ENXIO"].includes(errorCode(refusal))) return null
    throw refusal
  }
}

const fillPipe = (delivery: Delivery): boolean => {
  try {
    while (delivery.deliveredBytes < delivery.bytes.length) {
      delivery.deliveredBytes += writeSync(delivery.fd, delivery.bytes, delivery.deliveredBytes)
    }
    return true
  } catch (refusal) {
    if (errorCode(refusal) === "EAGAIN") return false
    throw refusal
  }
}

const deliver = async (delivery: Delivery): Promise<void> => {
  while (!delivery.abandoned && !fillPipe(delivery)) {
    // The event that a full pipe takes more is had by handing over one byte. It goes out even when the text is
    // abandoned meanwhile, so it counts as delivered.
    const sink = Bun.file(delivery.fd).writer()
    sink.write(delivery.bytes.subarray(delivery.deliveredBytes, delivery.deliveredBytes + 1))
    delivery.deliveredBytes += 1
    await sink.flush()
    await sink.end()
  }
}

/** Delivers after the text before it, and closes its end of the pipe in any case. */
const deliverInTurn = (path: string, delivery: Delivery): Promise<void> => {
  const lastDeliveries = deliveries()
  const before = lastDeliveries.get(path) ?? Promise.resolve()
  const turn = before.then(() => deliver(delivery)).finally(() => closeSync(delivery.fd))
  const settled = turn
    .catch(() => {})
    .finally(() => {
      if (lastDeliveries.get(path) === settled) lastDeliveries.delete(path)
    })
  lastDeliveries.set(path, settled)
  return turn
}

/**
 * Puts a text into the pipe to the command, whole and in the order of the calls. Fails with StdinClosed when nobody
 * reads, and with StdinBlocked when the command has not read enough within `timeoutMs`.
 */
export const sendStdin = (
  dir: string,
  text: string,
  timeoutMs = 10_000
): Effect.Effect<void, StdinClosed | StdinBlocked> =>
  Effect.suspend(() => {
    const path = join(dir, "stdin")
    const fd = openWrite(path)
    if (fd === null) return Effect.fail(new StdinClosed({ deliveredBytes: 0 }))
    const delivery: Delivery = { fd, bytes: Buffer.from(text), deliveredBytes: 0, abandoned: false }
    const delivered = Effect.callback<void, StdinClosed>((resume) => {
      deliverInTurn(path, delivery).then(
        () => resume(Effect.void),
        (refusal: unknown) =>
          resume(
            errorCode(refusal) === "EPIPE"
              ? Effect.fail(new StdinClosed({ deliveredBytes: delivery.deliveredBytes }))
              : Effect.die(refusal)
          )
      )
      return Effect.sync(() => {
        delivery.abandoned = true
      })
    })
    return Effect.timeoutOrElse(delivered, {
      duration: timeoutMs,
      orElse: () => Effect.fail(new StdinBlocked({ deliveredBytes: delivery.deliveredBytes }))
    })
  })

/** Nobody can send behind the end. On a disk that has become read-only the FIFO stays, and its reader is gone all the same. */
const closeWay = (dir: string): void => {
  try {
    rmSync(join(dir, "stdin"), { force: true, recursive: true })
  } catch {
    // See above.
  }
}

/** What became of an end of input: it is on its way, the input was closed before, or its FIFO is gone and the command reads on. */
export type EofOutcome = "sent" | "closed" | "missing"

/** Ends the command's stdin behind all that was sent before. */
export const sendEof = (dir: string): EofOutcome => {
  const path = join(dir, "eof")
  const fd = openWrite(path)
  if (fd === null) return existsSync(path) ? "closed" : "missing"
  try {
    closeWay(dir)
    writeSync(fd, "\n")
    return "sent"
  } catch (refusal) {
    if (errorCode(refusal) === "EPIPE") return "closed"
    throw refusal
  } finally {
    closeSync(fd)
  }
}

/** Whether the FIFO for text is gone while the command's stdin is still held open. */
export const isWayLost = (dir: string): boolean => {
  const holder = openWrite(join(dir, "eof"))
  if (holder !== null) closeSync(holder)
  return holder !== null && !existsSync(join(dir, "stdin"))
}
