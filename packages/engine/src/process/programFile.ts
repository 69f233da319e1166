/** What the kernel needs to execute a file, by its first bytes: the interpreter of a `#!` line, the machine and the loader of an ELF program. */
import { closeSync, type FileStat, openSync, readdirSync, readSync } from "../system/files.ts"
import { ofProcess } from "../system/ofProcess.ts"

/** Enough for every `#!` line and for the headers of every usual ELF program. */
const headBytes = 4096

/** The first bytes of a file; null for one that cannot be read: a program may be executable without being readable. */
const headOf = (path: string): Buffer | null => {
  let fd: number
  try {
    fd = openSync(path, "r")
  } catch {
    return null
  }
  try {
    const head = Buffer.alloc(headBytes)
    return head.subarray(0, readSync(fd, head, 0, head.length, 0))
  } catch {
    return null
  } finally {
    closeSync(fd)
  }
}

/** The interpreter that a `#!` line names, and its one argument. */
export interface Interpreter {
  readonly path: string
  readonly argument: string | null
}

/** How much of a `#!` line the kernel reads. Source: BINPRM_BUF_SIZE of Linux. */
const lineBytes = 256

/** The interpreter that the first line names as the kernel reads it; null when it names none. */
export const interpreterOf = (head: Buffer): Interpreter | null => {
  const line = head.toString("utf8", 0, lineBytes).split(/[\n\0]/u)[0] ?? ""
  const found = /^#![ \t]*([^ \t]+)[ \t]*(.*)$/u.exec(line)
  if (found === null) return null
  const argument = (found[2] ?? "").replace(/[ \t]+$/u, "")
  return { path: found[1] ?? "", argument: argument === "" ? null : argument }
}

/** The ELF machines that a kernel runs by itself. Source: elf(5), e_machine. */
const machines: Readonly<Record<string, ReadonlyArray<number>>> = { x64: [62, 3], arm64: [183, 40] }

const loaderType = 3

/** Whether the kernel was told to run programs of other machines, as qemu does. */
const runsOthers = (): boolean => {
  try {
    return readdirSync("/proc/sys/fs/binfmt_misc").some(
      (name) => name !== "register" && name !== "status"
    )
  } catch {
    return false
  }
}

const isElf = (head: Buffer): boolean =>
  head.length >= 64 && head.toString("latin1", 0, 4) === "\u007fELF"

/** Why the kernel would refuse an ELF program of another machine; null for others, and for what is no ELF program. */
const otherMachine = (head: Buffer): string | null => {
  if (!isElf(head) || process.platform !== "linux") return null
  const isLittle = head[5] === 1
  const machine = isLittle ? head.readUInt16LE(18) : head.readUInt16BE(18)
  const known = machines[process.arch]
  if (known === undefined || (isLittle && known.includes(machine)) || runsOthers()) return null
  return `is a program for another machine (ELF machine ${machine})`
}

/** The loader that an ELF program of 64 bits asks for, such as `/lib64/ld-linux-x86-64.so.2`; null when it asks for none. */
const loaderOf = (head: Buffer): string | null => {
  if (!isElf(head) || head[4] !== 2 || head[5] !== 1) return null
  const [from, size, count] = [
    Number(head.readBigUInt64LE(32)),
    head.readUInt16LE(54),
    head.readUInt16LE(56)
  ]
  for (let at = from; at < from + size * count && at + 56 <= head.length; at += size) {
    if (head.readUInt32LE(at) !== loaderType) continue
    const [offset, length] = [
      Number(head.readBigUInt64LE(at + 8)),
      Number(head.readBigUInt64LE(at + 32))
    ]
    return offset + length > head.length
      ? null
      : (head.toString("utf8", offset, offset + length).split("\0")[0] ?? null)
  }
  return null
}

/** What the first bytes of a file say of how the kernel executes it. */
export interface Program {
  readonly otherMachine: string | null
  readonly interpreter: Interpreter | null
  readonly loader: string | null
}

interface Known extends Pick<FileStat, "dev" | "ino" | "size" | "mtimeMs"> {
  readonly program: Program
}

const knownAtMost = 100

/** The programs that were read, by their paths: many tasks run the same. */
const known = ofProcess(() => new Map<string, Known>())

/** Reads how the kernel executes a file, once as long as its `stat` stays what it is; null when it cannot be read. */
export const programAt = (path: string, { dev, ino, size, mtimeMs }: FileStat): Program | null => {
  const before = known().get(path)
  const isSame =
    before?.ino === ino && before.dev === dev && before.size === size && before.mtimeMs === mtimeMs
  if (isSame) return before.program
  const head = headOf(path)
  if (head === null) return null
  const other = otherMachine(head)
  const program = { otherMachine: other, interpreter: interpreterOf(head), loader: loaderOf(head) }
  // The kernel may be told to run programs of another machine.
  if (other !== null) return program
  if (known().size >= knownAtMost) known().clear()
  known().set(path, { dev, ino, size, mtimeMs, program })
  return program
}
