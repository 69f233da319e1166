// The two streams of an attempt and the files their bytes are in. The task's process writes the files itself.

/** One of the two things a task writes to. */
export type OutputStream = "stdout" | "stderr"

/** One number for each stream: bytes, offsets or counts, as the place of use says. */
export interface PerStream {
  readonly stdout: number
  readonly stderr: number
}

/** Both streams, in the order in which lines of one sample are shown. */
export const outputStreams: readonly OutputStream[] = ["stdout", "stderr"]

/** Where the bytes of one stream of the attempt with this folder are. */
export function outputPath(dir: string, stream: OutputStream): string {
  return `${dir}/${stream}.log`
}
