/** The conformance suite of TaskStores. Each implementation runs it. */
import type { Stores } from "@backbeat/store/Stores"
import { wholeStore } from "./wholeStore.ts"
import { afterEach, beforeEach } from "bun:test"
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { StoreError } from "@backbeat/store/StoreError"
import { describeDispatch } from "./conformance/dispatch.ts"
import { describeHistory } from "./conformance/history.ts"
import { describeListing } from "./conformance/listing.ts"
import { describeRecording } from "./conformance/recording.ts"
import { describeRemoval } from "./conformance/removal.ts"
import type { Rig } from "./conformance/rig.ts"
import { describeTransactions } from "./conformance/transactions.ts"
import { describeWaits } from "./conformance/waits.ts"

/** Defines the suite for the store of `layer` in a scratch folder. */
export const describeTaskStore = (
  name: string,
  layer: (folder: string) => Layer.Layer<Stores, StoreError>
) => {
  let folder = ""
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "task-store-"))
  })
  afterEach(() => {
    rmSync(folder, { recursive: true, force: true })
  })
  const rig: Rig = {
    name,
    run: (body) =>
      Effect.runPromise(Effect.provide(Effect.flatMap(wholeStore, body), layer(folder)))
  }
  for (const part of [
    describeTransactions,
    describeRecording,
    describeListing,
    describeDispatch,
    describeHistory,
    describeRemoval,
    describeWaits
  ]) {
    part(rig)
  }
}
