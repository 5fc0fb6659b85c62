/** What `sendData` takes. */
export type Sendable = string | ArrayBuffer | ArrayBufferView<ArrayBuffer> | Blob

/** How far a file has come: bytes that the other side has taken, and all of them, `null` where nobody knows. */
export interface TransferProgress {
  bytes: number
  size: number | null
}

export interface SendFileOptions {
  /** The name that the other side is told; of a `File` its own unless you say otherwise. */
  name?: string
  /** The media type that the other side is told; of a `Blob` its own unless you say otherwise. */
  type?: string
  /** How many bytes a stream has, where you know it. */
  size?: number
  /** Cancels the transfer, at both sides. */
  signal?: AbortSignal
  /** Called every now and then. */
  onProgress?: (progress: TransferProgress) => void
}

/** What `data_received` tells. */
export interface ReceivedData {
  streamId: string | null
  data: string | ArrayBuffer
}

/** A file that the other side has begun to send. It sends no faster than `stream` is read. */
export interface ReceivedFile {
  streamId: string | null
  /** As the other side says, which may say anything. */
  readonly name: string
  readonly type: string
  /** `null` where the other side does not know it. */
  readonly size: number | null
  /** Its bytes in order. Fails with an AbortError where the other side cancels or does not come back. */
  readonly stream: ReadableStream<Uint8Array<ArrayBuffer>>
  /** Bytes that have come. */
  readonly received: number
  /** Called as bytes come. */
  onprogress: ((progress: TransferProgress) => void) | null
  /** Refuses the rest; the other side's promise rejects. */
  cancel (): void
}
