/**
 * The POSIX sh program around one attempt: claims it, runs the command in the foreground, and appends the record of its
 * end. It costs one fork: everything else is built in, and it reads nothing. shimCall.ts says how it is called.
 */

/*
 * What must stay true:
 * - Neither the command nor the folder stands in the shim's argument vector: `pkill -f` of a command's name, or of its
 *   task's id, would end the shim too. They come in variables, which the command does not get. `set` takes the
 *   arguments over from a text, or from a file where there are very many.
 * - File descriptor 3 is the write end of `alive`, kept open by the command's whole tree on purpose. 4 is the command's stderr,
 *   5 (write end of the command's stdin) and 6 (`eof`) are there only for an open stdin: the engine opened them. 2 leads nowhere at
 *   first, and is the record from the claim on.
 * - The command's limits and locale are set in the subshell that becomes the command: the record of its end is not to meet
 *   the limits, and bash says on its stderr that the machine does not have a locale.
 * - The other variables keep their export, hence the odd names; they are set before the command only where it must be.
 * - noclobber (-C) creation of the file `claim` is the gate through which one process passes, ever. Shims of earlier versions
 *   pass the same gate. A claim that is not complete belongs to a shim that died before it started anything, or that found no
 *   room for it: then there is a file `unclaimed`, which needs none.
 * - The claim says who the shim is: its pid, and the order that its environment alone has. The order is made of the ticks since
 *   boot and the instant before the spawn, and of the boot. A shell reads byte by byte, so it looks nothing up.
 * - The claim is the first line of the record, before the command begins. The blanks behind it take the block that what is
 *   appended later needs on a disk that is full by then, also where a file system keeps small files in the inode.
 * - The last line of the record is the end, in one write. Everything is appended: the subshell's trap opens the file for itself.
 *   `times` prints for itself, so it goes before. Bun drops the second of two changes of a watched file that come within a
 *   millisecond: watchEnd.ts looks again a moment later.
 * - Traps are set last, so that a stop before the command exists ends the shim, or is lost on it where the holder has it
 *   ignore signals for an instant: stopTree asks again. Trapped signals are default again in the command.
 * - The shell tells on its own stderr, which is the record, that a command died by a signal or that it could not fork, and says
 *   nothing when it exited with a status above 128: ExitRecord.ts tells the two apart by that. To keep that stderr apart the
 *   command is exec'd by a subshell. bash says it only outside of its posix mode; dash has no such option, and `command` keeps it from
 *   ending there should the task have that variable.
 * - In dash the subshell's EXIT trap runs when exec has failed, and only then: it notes that nothing was spawned. Other
 *   shells do not run it there, and a late 126 or 127 stays an exit code.
 * - Shells say nothing for SIGINT and SIGPIPE. 130 is a death by SIGINT when the shim saw a SIGINT too, 141 is always
 *   a plain exit: a command that dies by a SIGINT or SIGPIPE sent to itself alone is recorded as exited.
 * - The holder keeps the command's stdin open and ends with the line it is sent on `eof`. From its first instant it
 *   ignores what stops the command, which would lose its stdin otherwise. It is waited for, so that nothing of it is left
 *   behind the record.
 * - Shells change the environment a little: PWD is set (bash: `_`, OLDPWD and SHLVL too), and dash drops names that are
 *   no shell names, such as `a-b`: then bash is used where there is one.
 */
const beforeHolder = `[ "$BASH_VERSION" ] && command set +o posix
set +ex -C
umask 077
_backbeat_dir=$_backbeat_at
_backbeat_claim="$$ $_backbeat_order"
_backbeat_limits=
eval "$_backbeat_run"
unset _backbeat_at _backbeat_order _backbeat_run
_backbeat_int=
command exec 7>"$_backbeat_dir/claim" || exit 0
command exec 2>>"$_backbeat_dir/claim" || exit 0
printf 'shim %s\\n%200s\\n' "$_backbeat_claim" '' >&2 || { : >"$_backbeat_dir/unclaimed"; exit 0; }
umask "$1"
shift
`

const holder = `trap '' HUP INT QUIT TERM USR1 USR2
(read -r _backbeat_line <&6) >&5 2>/dev/null 3>&- 4>&- 5>&- 7>&- &
exec 5>&-
`

const command = `trap : HUP QUIT TERM USR1 USR2
trap '_backbeat_int=" interrupted"' INT
(trap 'echo unspawned >>"$_backbeat_dir/claim"' EXIT; eval "$_backbeat_limits"; exec "$@" 2>&4 4>&- 6>&- 7>&-)
_backbeat_status=$?
`

const end = `{ times; printf 'end 2 %s%s\\n' "$_backbeat_status" "$_backbeat_int"; } >&2
`

/** The program text of the shim; `isOpen` says whether the command's stdin is open. Appends to the record; signals other than those trapped here end it without an end. */
export const shimText = (isOpen: boolean): string =>
  isOpen
    ? `${beforeHolder}${holder}${command}echo >&6 && wait\n${end}`
    : `${beforeHolder}${command}${end}`
