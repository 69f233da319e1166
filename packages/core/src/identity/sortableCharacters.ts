/** Names that sort by time. */

const digits = "0123456789abcdefghjkmnpqrstvwxyz"

/**
 * 12 characters that sort by time: 9 of milliseconds, 3 of `random` (Crockford base 32). `random`
 * is a whole number from 0 to 32767.
 */
export const sortableCharacters = (atMs: number, random: number): string => {
  let rest = atMs
  let characters = ""
  for (let place = 0; place < 9; place++) {
    characters = digits.charAt(rest % 32) + characters
    rest = Math.floor(rest / 32)
  }
  for (const shift of [10, 5, 0]) characters += digits.charAt((random >> shift) & 31)
  return characters
}
