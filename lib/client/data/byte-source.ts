import type { Sendable } from './data-types.js'

/** Bytes that are fetched as they are sent. */
export interface ByteSource {
  /** The next bytes, which nobody changes afterwards; `null` at the end. */
  next (): Promise<Uint8Array | null>
  /** No more will be asked for. */
  cancel (reason: Error): void
}

/** How much of a Blob is read at a time. */
const SLICE = 262_144

function blobSource (blob: Blob): ByteSource {
  let offset = 0
  return {
    next: async () => {
      if (offset >= blob.size) return null
      const slice = blob.slice(offset, offset += SLICE)
      return new Uint8Array(await slice.arrayBuffer())
    },
    cancel: () => {}
  }
}

function bytesSource (bytes: Uint8Array): ByteSource {
  let rest: Uint8Array | null = bytes
  return {
    next: async () => {
      const next = rest
      rest = null
      return next
    },
    cancel: () => { rest = null }
  }
}

function streamSource (stream: ReadableStream<Uint8Array>): ByteSource {
  const reader = stream.getReader()
  return {
    next: async () => {
      const { done, value } = await reader.read()
      if (done) return null
      if (!(value instanceof Uint8Array)) throw new TypeError('sendFile needs a stream of Uint8Array.')
      return value
    },
    cancel: reason => { reader.cancel(reason).catch(() => {}) }
  }
}

/** What is sent, as bytes; a copy, where the caller could change it meanwhile. `null` where it is nothing of the kind. */
export function sourceOf (data: Sendable | ReadableStream<Uint8Array>): { source: ByteSource, size: number | null } | null {
  if (data instanceof Blob) return { source: blobSource(data), size: data.size }
  if (typeof ReadableStream !== 'undefined' && data instanceof ReadableStream) return { source: streamSource(data), size: null }
  const bytes = bytesOf(data as Sendable)
  return bytes === null ? null : { source: bytesSource(bytes), size: bytes.byteLength }
}

/** The bytes of what is in memory. */
function bytesOf (data: Sendable): Uint8Array | null {
  if (typeof data === 'string') return new TextEncoder().encode(data)
  if (data instanceof ArrayBuffer) return new Uint8Array(data.slice(0))
  if (ArrayBuffer.isView(data)) return new Uint8Array(data.buffer, data.byteOffset, data.byteLength).slice()
  return null
}
