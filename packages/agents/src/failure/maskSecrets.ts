/** Masks keys and tokens in stored error messages. */

const shapes: ReadonlyArray<readonly [RegExp, string]> = [
  [/\b(sk|pk|rk)-[\w*.-]{6,}/gu, "$1-…"],
  [/\bAIza[\w-]{16,}/gu, "AIza…"],
  [/\b(gh[pousr]_|github_pat_|xox[abprs]-|ya29\.)[\w.-]{10,}/gu, "$1…"],
  [/\beyJ[\w-]{6,}\.[\w-]+(?:\.[\w-]*)?/gu, "eyJ…"],
  [/\b(bearer\s+)[\w.~+/=-]{6,}/giu, "$1…"],
  [/([?&](?:key|token|access_token)=)[^&\s"']+/giu, "$1…"],
  [
    /((?:api[-_ ]?key|token|secret|password)["']?\s*[:=]\s*["']?)(?=[^\s"',;)}]{0,60}\d)[^\s"',;)}]{8,}/giu,
    "$1…"
  ]
]

/** Cuts everything that looks like a key or token to its prefix. */
export const maskSecrets = (text: string): string =>
  shapes.reduce((masked, [shape, kept]) => masked.replace(shape, kept), text)
