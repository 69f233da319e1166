/** A number from a text, for what must look random and be the same each time. */

/** A whole number from 0 to 2^32 - 1: FNV-1a. Source: RFC 9923. */
export const hashOf = (text: string): number => {
  let value = 0x811c9dc5
  for (let at = 0; at < text.length; at++)
    value = Math.imul(value ^ text.charCodeAt(at), 0x01000193) >>> 0
  return value
}
