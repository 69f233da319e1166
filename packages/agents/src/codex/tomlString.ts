/** Values for `codex -c key=value`, which are TOML. */

/**
 * A text as a basic string of TOML: that of JSON, but for DEL, which JSON leaves as it is, and lone surrogates, for
 * which TOML has no escape. Source: https://toml.io/en/v1.0.0#string
 */
export const tomlString = (text: string): string =>
  JSON.stringify(text.toWellFormed()).replaceAll("\u007F", String.raw`\u007F`)
