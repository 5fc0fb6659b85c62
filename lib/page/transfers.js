// Texts and files over the data channel, by the SDK's `sendData` and `sendFile`.

/** Sends and receives for the chat. `tell` takes an event of the chat's state. */
export class Transfers {
  #adaptor
  #tell
  /** The errors of transfers, which their rows tell of. */
  #told
  #next = 0
  /** How each transfer that goes on, or is offered, is cancelled, by its number. */
  #cancels = new Map()
  /** The files that are offered, by their number, and their readers. */
  #offers = new Map()

  constructor (adaptor, tell, told) {
    this.#adaptor = adaptor
    this.#tell = tell
    this.#told = told
  }

  say (room, text) {
    const id = this.#next++
    this.#tell({ type: 'said', id, text })
    return this.#follow(id, this.#adaptor().sendData(room, text))
  }

  send (file) {
    const id = this.#next++
    const abort = new AbortController()
    this.#cancels.set(id, () => abort.abort())
    this.#tell({ type: 'offering', id, name: file.name, size: file.size })
    const onProgress = ({ bytes, size }) => this.#tell({ type: 'progress', id, bytes, size })
    return this.#follow(id, this.#adaptor().sendFile(file, { signal: abort.signal, onProgress }))
  }

  /** A text has come. Bytes are for other apps than this page, which has nothing to show of them. */
  hear (data) {
    if (typeof data === 'string') this.#tell({ type: 'heard', id: this.#next++, text: data })
  }

  /** A file is offered. Nothing of it is kept until somebody wants it. */
  offer (file) {
    const id = this.#next++
    const reader = file.stream.getReader()
    this.#offers.set(id, { file, reader })
    // Cancelled by the other side before anybody here wanted it.
    reader.closed.catch(() => { if (this.#offers.has(id)) this.#fail(id, 'AbortError') })
    this.#cancels.set(id, () => {
      file.cancel()
      this.#fail(id, 'AbortError')
    })
    this.#tell({ type: 'offered', id, name: file.name, size: file.size })
  }

  /** Takes a file that was offered; `keep` gets it. */
  async accept (id, keep) {
    const { file, reader } = this.#offers.get(id)
    this.#offers.delete(id)
    reader.releaseLock()
    file.onprogress = ({ bytes, size }) => this.#tell({ type: 'progress', id, bytes, size })
    this.#tell({ type: 'receiving', id })
    try {
      // As mere bytes: whatever it says it is, no browser is to open it as a page of this origin.
      const bytes = await new Response(file.stream).blob()
      keep(new Blob([bytes], { type: 'application/octet-stream' }))
      this.#cancels.delete(id)
      this.#tell({ type: 'done', id })
    } catch {
      this.#fail(id, 'AbortError')
    }
  }

  cancel (id) {
    this.#cancels.get(id)?.()
  }

  /** The room is another one, or none. */
  clear () {
    for (const cancel of [...this.#cancels.values()]) cancel()
    this.#offers.clear()
    this.#tell({ type: 'cleared' })
  }

  async #follow (id, sending) {
    try {
      await sending
      this.#cancels.delete(id)
      this.#tell({ type: 'done', id })
    } catch (error) {
      this.#told.add(error)
      this.#fail(id, error.name)
    }
  }

  #fail (id, name) {
    this.#cancels.delete(id)
    this.#offers.delete(id)
    this.#tell({ type: 'failed', id, name })
  }
}
