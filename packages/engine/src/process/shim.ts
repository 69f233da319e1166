/**
 * The POSIX sh program around one attempt: claims it, runs the command in the foreground, and appends the record of its
 * end. It costs one fork: everything else is built in. shimCall.ts says how it is called.
 */

/*
 * What must stay true:
 * - Neither the command nor the folder stands in the shim's argument vector: `pkill -f` of a command's name, or of its
 *   task's id, would end the shim too. They come in two variables, which the command does not get. `set` takes the
 *   arguments over from a text, or from a file where there are very many.
 * - File descriptor 2 is `note`, 4 is `exit`, 5 the command's stderr: the engine opened them, so that nothing that can fail
 *   for want of room is left to do here but the claim. 3 is the write end of `alive`, kept open by the command's whole tree
 *   on purpose. 6 (write end of the command's stdin) and 7 (`eof`) are there only for an open stdin. 8 is `claim`.
 * - The command's limits and locale are set in the subshell that becomes the command: the record of its end is not to meet
 *   the limits, and bash says on its stderr that the machine does not have a locale.
 * - The other variables keep their export, hence the odd names; they are set before the command only where it must be.
 * - noclobber (-C) creation of `claim` is the gate through which one process passes, ever. A claim without its three
 *   lines belongs to a shim that died before it started anything, or that found no room for them and says so in `exit`.
 * - `exit` is filled with blanks by the engine, so that the record, written over them, needs no room on a disk that is full
 *   by then. The record is one write: Bun drops the second of two changes of a watched file that come within a millisecond.
 *   `times` prints for itself, so it goes to `note` beforehand.
 * - Traps are set last, so that a stop before the command exists ends the shim, or is lost on it where the holder has it
 *   ignore signals for an instant: stopTree asks again. Trapped signals are default again in the command.
 * - The shell tells on its own stderr, which is `note`, that a command died by a signal or that it could not fork, and says
 *   nothing when it exited with a status above 128. To keep that stderr apart the command is exec'd by a subshell. bash says
 *   it only outside of its posix mode; dash has no such option, and `command` keeps it from ending there.
 * - Whether it said something is read from that descriptor, because the folder may have been moved by then. The engine puts an
 *   empty line into `note`, and the descriptor stands before it: the line can be read until a message is appended, which
 *   moves the descriptor to the end.
 * - In dash the subshell's EXIT trap runs when exec has failed, and only then: it notes that nothing was spawned. Other
 *   shells do not run it there, and a late 126 or 127 stays an exit code.
 * - Shells say nothing for SIGINT and SIGPIPE. 130 is a death by SIGINT when the shim saw a SIGINT too, 141 is always
 *   a plain exit: a command that dies by a SIGINT or SIGPIPE sent to itself alone is recorded as exited.
 * - The holder keeps the command's stdin open and ends with the line it is sent on `eof`. From its first instant it
 *   ignores what stops the command, which would lose its stdin otherwise. It is waited for, so that nothing of it is left
 *   behind the record. Whether there is one is a variable: the folder may have been moved away by the end.
 * - Shells change the environment a little: PWD is set (bash: `_`, OLDPWD and SHLVL too), and dash drops names that are
 *   no shell names, such as `a-b`: then bash is used where there is one.
 */
/** The program text of the shim. Writes `claim`, `exit` and `note`; signals other than those trapped here end it without a record. */
export const shim = `{ command set +o posix; } 2>/dev/null
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
