/**
 * An attempt as an engine of an earlier version has left it: the shim of that version runs, with a file each for its claim, what its shell
 * says, and the end. As a program it starts the rest of its arguments in the folder that is the first, and prints the pid of the shim.
 */
import { closeSync, constants, mkdirSync, openSync, writeSync } from "node:fs"
import { join } from "node:path"
import { makeFifo } from "../../src/system/processes.ts"

const program = `{ command set +o posix; } 2>/dev/null
set +ex -C
umask 077
_backbeat_dir=$_backbeat_at
_backbeat_limits=
eval "$_backbeat_run"
unset _backbeat_at _backbeat_run
_backbeat_stat= _backbeat_boot= _backbeat_int= _backbeat_open=
{ IFS= read -r _backbeat_stat </proc/$$/stat; IFS= read -r _backbeat_boot </proc/sys/kernel/random/boot_id; } 2>/dev/null
{ command exec 8>"$_backbeat_dir/claim"; } 2>/dev/null || exit 0
printf 'shim %s\\n%s\\n%s\\n' "$$" "$_backbeat_stat" "$_backbeat_boot" >&8 || { printf 'end 1 unclaimed 0\\n' >&4; exit 0; }
exec 8>&-
umask "$1"
shift
if [ -p "$_backbeat_dir/eof" ]; then
  _backbeat_open=1
  trap '' HUP INT QUIT TERM USR1 USR2
  (read -r _backbeat_stat <&7) >&6 2>/dev/null 3>&- 4>&- 5>&- 6>&- &
  exec 6>&-
fi
trap : HUP QUIT TERM USR1 USR2
trap _backbeat_int=1 INT
(trap 'echo unspawned >>"$_backbeat_dir/note"' EXIT; eval "$_backbeat_limits"; exec "$@" 2>&5 4>&- 5>&- 6>&- 7>&-)
_backbeat_status=$?
_backbeat_kind=exited
if [ "$_backbeat_status" -gt 128 ]; then
  IFS= read -r _backbeat_stat <&2 || _backbeat_kind=signalled
  [ "$_backbeat_status$_backbeat_int" = 1301 ] && _backbeat_kind=signalled
fi
[ "$_backbeat_open" ] && echo >&7 && wait
times >&2
printf 'end 1 %s %s\\n' "$_backbeat_kind" "$_backbeat_status" >&4
`

/** Starts the command in the folder, and gives the process of the shim. */
export const startEarlier = (
  dir: string,
  argv: ReadonlyArray<string>,
  env: Readonly<Record<string, string>>
) => {
  mkdirSync(dir, { recursive: true })
  const open = (name: string, flags: number) => openSync(join(dir, name), flags, 0o600)
  const append = constants.O_RDWR | constants.O_APPEND | constants.O_CREAT
  const exit = open("exit", constants.O_RDWR | constants.O_CREAT)
  writeSync(exit, `${" ".repeat(63)}\n`, 0)
  const note = open("note", append)
  writeSync(note, "\n", 0)
  const [stdout, stderr] = [open("stdout.log", append), open("stderr.log", append)]
  makeFifo(join(dir, "alive"))
  const reader = open("alive", constants.O_RDWR)
  const alive = open("alive", constants.O_WRONLY)
  const words = ["022", ...argv].map((word) => `'${word.replaceAll("'", `'\\''`)}'`)
  const shim = Bun.spawn({
    cmd: ["/bin/sh", "-c", program, "backbeat-shim"],
    env: { ...env, _backbeat_at: dir, _backbeat_run: `set -- ${words.join(" ")}` },
    detached: true,
    stdio: ["ignore", stdout, note, alive, exit, stderr]
  })
  for (const fd of [exit, note, stdout, stderr, reader, alive]) closeSync(fd)
  return shim
}

if (import.meta.main) {
  const [dir = "", ...argv] = process.argv.slice(2)
  const env = Object.fromEntries(
    Object.entries(process.env).map(([name, value]) => [name, value ?? ""])
  )
  const shim = startEarlier(dir, argv, env)
  shim.unref()
  console.log(shim.pid)
}
