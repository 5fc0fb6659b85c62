import { inspect } from 'node:util'
import { parentPort, Worker, workerData } from 'node:worker_threads'
import { simulate } from './simulate.js'
import { count, emptyTally, type Tally } from './tally.js'

/** Seeds that one worker runs one after the other, both ends included. */
export interface Share {
  readonly from: number
  readonly to: number
}

/** What a worker says of its share. */
type Said = { readonly tally: Tally } | {
  /** What ended it. */
  readonly crash: string
}

interface WorkerOptions {
  /** Runs the rest of a share after a failure. */
  readonly keepGoing: boolean
}

/**
 * Runs shares in a thread of its own until there is none any more.
 *
 * @param file the module that a thread starts with, which calls {@link work}
 * @param next the next share; null where there is none
 * @param done told what came of each
 * @throws what ended the thread
 */
export async function runInWorker (file: URL, options: WorkerOptions, next: () => Share | null, done: (tally: Tally) => void): Promise<void> {
  const first = next()
  if (first === null) return
  const worker = new Worker(file, { workerData: options })
  await new Promise<void>((resolve, reject) => {
    worker.on('error', reject)
    worker.on('message', (said: Said) => {
      if ('crash' in said) {
        reject(new Error(said.crash))
        return
      }
      done(said.tally)
      const share = next()
      if (share === null) resolve()
      else worker.postMessage(share)
    })
    worker.postMessage(first)
  })
  await worker.terminate()
}

/** What a worker does. */
export function work (): void {
  // Errors are made all the time, and nobody reads where. Whoever runs one seed again does.
  Error.stackTraceLimit = 0
  const { keepGoing } = workerData as WorkerOptions
  const say = (said: Said): void => parentPort?.postMessage(said)
  let seed = 0
  process.on('unhandledRejection', error => say({ crash: `seed ${seed}: a promise was rejected, and nobody noticed: ${inspect(error)}` }))
  parentPort?.on('message', ({ from, to }: Share) => {
    const tally = emptyTally(from)
    const run = async (): Promise<void> => {
      for (seed = from; seed <= to; seed++) {
        count(tally, seed, await simulate({ seed }))
        if (tally.failures.length > 0 && !keepGoing) break
      }
      say({ tally })
    }
    void run()
  })
}
