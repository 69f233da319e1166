// The timestamps of an attempt's output: the length of each stream at sampled times, one record of
// three doubles per sample. They order the lines of both streams and give each line a time, also in
// a later engine.
import {
  appendFileSync,
  existsSync,
  readFileSync,
  renameSync,
  truncateSync,
  writeFileSync
} from "../system/files.ts"
import { type OutputStream, outputPath } from "./OutputStream.ts"
import { statIfThere } from "../process/statIfThere.ts"

/**
 * The length of both streams at one time: offsets in all output ever written, `at` in ms since the
 * epoch.
 */
export interface Sample {
  readonly at: number
  readonly stdoutBytes: number
  readonly stderrBytes: number
}

const recordBytes = 24
const maxIndexBytes = 1_048_576

function arrivalsPath(dir: string): string {
  return `${dir}/arrivals`
}

/**
 * Opens the index for appending: cuts off a record that a crash left incomplete. Returns the last
 * sample, if any.
 */
export function lastSample(dir: string): Sample | undefined {
  const size = statIfThere(arrivalsPath(dir))?.size ?? 0
  const whole = size - (size % recordBytes)
  if (whole !== size) truncateSync(arrivalsPath(dir), whole)
  if (whole === 0) return undefined
  const numbers = readTimestamps(dir).numbers
  const [at, stdoutBytes, stderrBytes] = numbers.subarray(-3)
  return { at: at ?? 0, stdoutBytes: stdoutBytes ?? 0, stderrBytes: stderrBytes ?? 0 }
}

/**
 * Appends a sample and returns the size of the index in bytes. Above 1 MiB every second record of
 * the older half is dropped, so old times get coarser. If the folder is gone or the disk is full,
 * only the sample is lost; the output is not affected.
 */
export function appendSample(dir: string, sample: Sample, indexBytes: number): number {
  const record = new Float64Array([sample.at, sample.stdoutBytes, sample.stderrBytes])
  const size = indexBytes + recordBytes
  try {
    appendFileSync(arrivalsPath(dir), new Uint8Array(record.buffer), { mode: 0o600 })
    return size > maxIndexBytes ? thinOut(dir) : size
  } catch {
    cutBack(dir, indexBytes)
    return indexBytes
  }
}

function cutBack(dir: string, indexBytes: number): void {
  if (timestampsBytes(dir) > indexBytes) truncateSync(arrivalsPath(dir), indexBytes)
}

function thinOut(dir: string): number {
  const { numbers, count } = readTimestamps(dir)
  const half = Math.floor(count / 2)
  const kept: number[] = []
  for (let index = 0; index < count; index++) {
    if (index < half && index % 2 === 0) continue
    kept.push(...numbers.subarray(index * 3, index * 3 + 3))
  }
  const scratch = `${arrivalsPath(dir)}.next`
  writeFileSync(scratch, new Uint8Array(Float64Array.from(kept).buffer), { mode: 0o600 })
  renameSync(scratch, arrivalsPath(dir))
  return kept.length * 8
}

/** The size of the index file in bytes. */
export function timestampsBytes(dir: string): number {
  return statIfThere(arrivalsPath(dir))?.size ?? 0
}

/** The index of an attempt, as it was when it was read. */
export class OutputTimestamps {
  readonly numbers: Float64Array
  readonly count: number

  constructor(numbers: Float64Array) {
    this.numbers = numbers
    this.count = Math.floor(numbers.length / 3)
  }

  /**
   * The number of the first sample in which the stream had reached this offset; `count` if none
   * had.
   */
  sampleOf(stream: OutputStream, offset: number): number {
    const column = stream === "stdout" ? 1 : 2
    let low = 0
    let high = this.count
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.numbers[middle * 3 + column] ?? 0) < offset) low = middle + 1
      else high = middle
    }
    return low
  }

  /** When this sample was taken, in ms since the epoch; undefined if there is no such sample. */
  timeOf(sample: number): number | undefined {
    return this.numbers[sample * 3]
  }
}

/** Orders both streams by the files alone: the file that was written last comes later. */
function orderByFiles(dir: string): OutputTimestamps {
  const [stdout, stderr] = (["stdout", "stderr"] as const).map((stream) =>
    statIfThere(outputPath(dir, stream))
  )
  const isKnown = stdout !== undefined && stderr !== undefined && stdout.size > 0 && stderr.size > 0
  // Within one sample, and without samples, stdout comes first.
  if (!isKnown || stdout.mtimeMs <= stderr.mtimeMs) return new OutputTimestamps(new Float64Array(0))
  const samples = [
    [Math.floor(stderr.mtimeMs), 0, stderr.size],
    [Math.floor(stdout.mtimeMs), stdout.size, stderr.size]
  ]
  return new OutputTimestamps(Float64Array.from(samples.flat()))
}

/**
 * Reads the index of an attempt. Short attempts have no samples; then the modification times of the
 * files order the streams.
 */
export function readTimestamps(dir: string): OutputTimestamps {
  const path = arrivalsPath(dir)
  if (!existsSync(path)) return orderByFiles(dir)
  const bytes = readFileSync(path)
  const whole = bytes.length - (bytes.length % recordBytes)
  return new OutputTimestamps(new Float64Array(new Uint8Array(bytes.subarray(0, whole)).buffer))
}
