/** Values for `codex -c key=value`, which are TOML. */

/**
 * A text as a basic string of TOML. It equals the string of JSON, except for DEL, which JSON does
 * not escape, and lone surrogates, which TOML cannot express. Source:
 * https://toml.io/en/v1.0.0#string
 */
export const tomlString = (text: string): string =>
  JSON.stringify(text.toWellFormed()).replaceAll("\u007F", String.raw`\u007F`)
