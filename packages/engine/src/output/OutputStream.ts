// The two output streams of an attempt and their files. The task's process writes the files itself.

/** An output stream of a task. */
export type OutputStream = "stdout" | "stderr"

/** One number per stream: bytes, offsets or counts. */
export interface PerStream {
  readonly stdout: number
  readonly stderr: number
}

/** Both streams, in the order in which lines of one sample are shown. */
export const outputStreams: readonly OutputStream[] = ["stdout", "stderr"]

/** The file of one stream in the folder of an attempt. */
export function outputPath(dir: string, stream: OutputStream): string {
  return `${dir}/${stream}.log`
}
