/** Prints frames as they come. A failure in the middle goes to stderr, as every failure does. */
import { print } from "./print.ts"

const failureMark = '{"ok":false'

/** Ends with the stream; the exit code. A reader that went away ends it too. */
export const printStream = async (response: Response): Promise<number> => {
  const decoder = new TextDecoder()
  let rest = ""
  if (response.body === null) return 0
  for await (const chunk of response.body) {
    rest += decoder.decode(chunk, { stream: true })
    const end = rest.lastIndexOf("\n") + 1
    if (end === 0) continue
    const failure = rest.indexOf(failureMark)
    if (failure >= 0 && (failure === 0 || rest[failure - 1] === "\n")) {
      await print("stdout", rest.slice(0, failure))
      await print("stderr", rest.slice(failure))
      return 1
    }
    if (!(await print("stdout", rest.slice(0, end)))) return 0
    rest = rest.slice(end)
  }
  return 0
}
