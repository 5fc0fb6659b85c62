import { deferred, type Deferred } from '../../base/deferred.js'
import type { ClientSettings } from '../../base/client-options.js'
import type { CheckCode } from './check-types.js'
import { CheckFailure, type StepScope } from './step-scope.js'

interface Frame {
  command: string
  [field: string]: unknown
}

/** What the status of a plain request tells of a WebSocket that did not open. */
const STATUSES: Record<number, CheckCode> = {
  401: 'accessRefused',
  403: 'accessRefused',
  404: 'applicationUnknown',
  429: 'serverFull',
  502: 'serverUnreachable',
  503: 'serverFull',
  504: 'serverUnreachable'
}

export interface WebSocketCheckSettings extends Pick<ClientSettings, 'url' | 'token'> {
  /** A room to take a seat in for a moment. */
  room: string | undefined
  /** What the server's answer says of ICE servers; `null` where it need not be asked. */
  serversOf: ((frame: Frame) => RTCIceServer[]) | null
}

/** Opens a WebSocket, measures the way to the server and back, and asks for the ICE servers. */
export class WebSocketCheck {
  readonly #scope: StepScope
  readonly #settings: WebSocketCheckSettings
  readonly #waiting = new Map<Deferred<Frame>, (frame: Frame) => boolean>()
  #socket!: WebSocket

  constructor (scope: StepScope, settings: WebSocketCheckSettings) {
    this.#scope = scope
    this.#settings = settings
  }

  async run (): Promise<{ roundTrip: number, iceServers: RTCIceServer[] }> {
    const { room, token, serversOf } = this.#settings
    await this.#open()
    const { environment } = this.#scope
    const begin = environment.now()
    await this.#ask({ command: 'ping' }, ({ command }) => command === 'pong')
    const roundTrip = environment.now() - begin
    if (serversOf === null) return { roundTrip, iceServers: [] }
    if (room !== undefined) {
      const answer = await this.#ask({ command: 'join', streamId: room, token: token ?? '' }, ({ command, definition }) => command === 'error' || definition === 'joined')
      if (answer.command === 'error') throw new CheckFailure('joinRefused', `${String(answer.definition)}: ${String(answer.message)}`)
    }
    const servers = await this.#ask({ command: 'getIceServerConfig' }, ({ command }) => command === 'iceServerConfig' || command === 'error')
    if (room !== undefined) this.#socket.send(JSON.stringify({ command: 'leave', streamId: room }))
    return { roundTrip, iceServers: servers.command === 'error' ? [] : serversOf(servers) }
  }

  async #open (): Promise<void> {
    const { environment } = this.#scope
    const { url } = this.#settings
    const opened = deferred<void>()
    let socket: WebSocket
    try {
      socket = this.#socket = new environment.WebSocket(url)
    } catch (error) {
      throw this.#insecure ? new CheckFailure('insecureAddress') : new CheckFailure('invalidOption', String(error))
    }
    this.#scope.add(() => {
      socket.onopen = socket.onmessage = socket.onclose = null
      socket.close(1000)
    })
    socket.onopen = () => opened.resolve()
    socket.onclose = () => opened.reject(new CheckFailure('serverUnreachable'))
    socket.onmessage = ({ data }) => this.#receive(data)
    try {
      await this.#scope.answer(opened, 'serverUnreachable')
    } catch (error) {
      throw error instanceof CheckFailure ? await this.#explain() : error
    }
    socket.onclose = ({ code, reason }) => {
      for (const answer of this.#waiting.keys()) answer.reject(new CheckFailure('connectionClosed', `${code} ${reason}`.trim()))
    }
  }

  async #ask (message: object, fits: (frame: Frame) => boolean): Promise<Frame> {
    const answer = deferred<Frame>()
    this.#waiting.set(answer, fits)
    if (this.#socket.readyState !== 1) throw new CheckFailure('connectionClosed')
    this.#socket.send(JSON.stringify(message))
    try {
      return await this.#scope.answer(answer, 'serverSilent')
    } finally {
      this.#waiting.delete(answer)
    }
  }

  #receive (data: unknown): void {
    let frame: Frame | null = null
    try {
      frame = JSON.parse(data as string) as Frame | null
    } catch {
      // Not of a signalling server; the answer that is waited for will not come.
    }
    if (typeof frame !== 'object' || frame === null) return
    for (const [answer, fits] of this.#waiting) if (fits(frame)) answer.resolve(frame)
  }

  get #insecure (): boolean {
    return /^https:/.test(this.#scope.environment.location ?? '') && /^ws:/.test(this.#settings.url)
  }

  /** A browser never tells a page why a WebSocket did not open (WebSockets, section 3). The answer to a plain request may. */
  async #explain (): Promise<CheckFailure> {
    if (this.#insecure) return new CheckFailure('insecureAddress')
    const cancel = new AbortController()
    this.#scope.add(() => cancel.abort())
    const answer = deferred<number>()
    const request = fetch(this.#settings.url.replace(/^ws/, 'http'), { signal: cancel.signal, cache: 'no-store', headers: { accept: 'application/json' } })
    request.then(({ status }) => answer.resolve(status), error => answer.reject(error as Error))
    try {
      const status = await this.#scope.answer(answer, 'serverUnreachable')
      return new CheckFailure(STATUSES[status] ?? 'upgradeRefused', `HTTP ${status}`)
    } catch (error) {
      // Not reached, or of another origin, which does not let this page see its answer.
      return new CheckFailure('serverUnreachable', error instanceof CheckFailure ? '' : String(error))
    }
  }
}
