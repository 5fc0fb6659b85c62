import type { Page } from 'playwright-core'

/** What the scripts in the pages share. The hash is a chain over blocks of 1 MiB, since browsers hash nothing bit by bit. */
interface FileWorld {
  webRTCAdaptor: {
    on (name: 'file_received', listener: (file: { size: number | null, received: number, stream: ReadableStream<Uint8Array<ArrayBuffer>> }) => void): void
    sendFile (stream: ReadableStream<Uint8Array<ArrayBuffer>>, options: object): Promise<void>
  }
  transfer: Transfer
}

/** How a transfer goes, and went. */
export interface Transfer {
  /** Bytes that were made, or read, and those that the other side has taken, or that have come. */
  bytes: number
  taken: number
  /** How many bytes were in the SDK's hands at most: read ahead of the other side, or waiting to be read. */
  held: number
  hash: string | null
  error: string | null
}

/** Makes random bytes as they are asked for, and sends them. */
export async function sendRandomFile (page: Page, size: number): Promise<void> {
  await page.evaluate(size => {
    const world = window as unknown as FileWorld
    const transfer: Transfer = world.transfer = { bytes: 0, taken: 0, held: 0, hash: null, error: null }
    let chain: Uint8Array<ArrayBuffer> = new Uint8Array(32)
    const stream = new ReadableStream<Uint8Array<ArrayBuffer>>({
      pull: async controller => {
        if (transfer.bytes >= size) return controller.close()
        const block = new Uint8Array(1_048_576)
        for (let at = 0; at < block.length; at += 65_536) crypto.getRandomValues(block.subarray(at, at + 65_536))
        chain = new Uint8Array(await crypto.subtle.digest('SHA-256', await new Blob([chain, block]).arrayBuffer()))
        transfer.bytes += block.length
        transfer.held = Math.max(transfer.held, transfer.bytes - transfer.taken)
        controller.enqueue(block)
      }
    }, { highWaterMark: 0 })
    const onProgress = ({ bytes }: { bytes: number }) => { transfer.taken = bytes }
    world.webRTCAdaptor.sendFile(stream, { name: 'random.bin', size, onProgress }).then(
      () => { transfer.hash = chain.join() },
      (error: Error) => { transfer.error = `${error.name}: ${error.message}` }
    )
  }, size)
}

/** Reads and hashes the file that comes. */
export async function receiveFile (page: Page): Promise<void> {
  await page.evaluate(() => {
    const world = window as unknown as FileWorld
    world.webRTCAdaptor.on('file_received', async file => {
      const transfer: Transfer = world.transfer = { bytes: 0, taken: 0, held: 0, hash: null, error: null }
      let chain: Uint8Array<ArrayBuffer> = new Uint8Array(32)
      const block = new Uint8Array(1_048_576)
      let filled = 0
      const reader = file.stream.getReader()
      try {
        for (let next = await reader.read(); !next.done; next = await reader.read()) {
          transfer.bytes += next.value.length
          transfer.taken = file.received
          transfer.held = Math.max(transfer.held, file.received - transfer.bytes)
          for (let rest = next.value; rest.length > 0;) {
            const part = rest.subarray(0, block.length - filled)
            block.set(part, filled)
            filled = (filled + part.length) % block.length
            rest = rest.subarray(part.length)
            if (filled === 0) chain = new Uint8Array(await crypto.subtle.digest('SHA-256', await new Blob([chain, block]).arrayBuffer()))
          }
        }
        transfer.hash = chain.join()
      } catch (error) {
        transfer.error = (error as Error).name
      }
    })
  })
}

/** Waits until so many bytes have come, for as long as more and more come. */
export async function fileHas (page: Page, bytes: number): Promise<void> {
  for (let before = 0; before < bytes;) {
    const found = await page.waitForFunction(before => {
      const { bytes = 0 } = (window as unknown as FileWorld).transfer ?? {}
      return bytes > before ? bytes : null
    }, before)
    before = await found.jsonValue() as number
  }
}

/** Waits for the end, for as long as more and more comes. */
export async function fileEnds (page: Page): Promise<Transfer> {
  for (let before = -1; ;) {
    const found = await page.waitForFunction(before => {
      const { transfer } = window as unknown as FileWorld
      return transfer !== undefined && (transfer.hash !== null || transfer.error !== null || transfer.bytes > before) ? transfer : null
    }, before)
    const transfer = await found.jsonValue() as Transfer
    if (transfer.hash !== null || transfer.error !== null) return transfer
    before = transfer.bytes
  }
}
