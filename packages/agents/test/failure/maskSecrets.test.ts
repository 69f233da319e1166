import { describe, expect, test } from "bun:test"
import { maskSecrets } from "../../src/failure/maskSecrets.ts"

describe("a key or token in a text", () => {
  test("is cut to its prefix", () => {
    const secret = "Ab3dEfGhIjKlMnOpQrStUvWxYz012345"
    const texts = [
      `Incorrect key: sk-ant-api03-${secret}.`,
      `sk-proj-${secret.slice(0, 8)}****${secret.slice(-4)}`,
      `AIza${secret}`,
      `token ghp_${secret}`,
      `Authorization: Bearer ${secret}`,
      `GET https://x/v1?key=${secret}&alt=sse`,
      `{"apiKey": "${secret}"}`,
      `eyJhbGciOiJIUzI1NiJ9.${secret}.${secret}`
    ]
    for (const text of texts) {
      expect(maskSecrets(text)).toContain("…")
      expect(maskSecrets(text)).not.toContain(secret.slice(-8))
    }
  })

  test("is the only text that is cut", () => {
    const plain =
      "token: missing; api key is not valid; task-01abc; the desk-top is risk-averse-and-so-on"
    expect(maskSecrets(plain)).toBe(plain)
  })
})
