import { EventEmitter, once } from 'node:events'
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import type { FastifyInstance } from 'fastify'
import type { Test } from 'tap'
import { Compile } from 'typebox/compile'
import { WebSocket, type ClientOptions } from 'ws'
import { RESERVED_DEFINITIONS, ServerMessageSchemas } from '../../lib/protocol/server-messages.js'
import type { RoomEvents } from '../../lib/events.js'

/** How long something that must come may take, ms. Only a test that fails ever waits for it. */
const MAX_WAIT = 60_000

/** A message as a client reads it. */
export interface Message {
  command: string
  definition?: string
  streamId?: string
  [field: string]: unknown
}

const checks = new Map(Object.entries(ServerMessageSchemas).map(([name, schema]) => [name, Compile(schema)]))

/** What a message is called in a test: its definition where it is a notification, `error: …` where it is an error. */
export function nameOf ({ command, definition }: Message): string {
  if (command === 'notification') return definition ?? command
  return command === 'error' ? `error: ${definition}` : command
}

export function namesOf (messages: Message[]): string[] {
  return messages.map(nameOf)
}

/**
 * A client of the wire and nothing more. Each frame that it gets must be text and satisfy the schema of its message,
 * whatever the test is about.
 */
export class SignallingClient {
  readonly socket: WebSocket
  /** Every frame so far, as it came. */
  readonly frames: string[] = []
  /** How the connection ended, once it has. */
  readonly closed: Promise<{ code: number, reason: string }>
  /** Below the WebSocket: what is written here reaches the server between two frames. */
  raw!: Socket
  #read = 0
  readonly #events = new EventEmitter()

  constructor (t: Test, socket: WebSocket) {
    this.socket = socket
    this.closed = new Promise(resolve => socket.on('close', (code, reason) => {
      resolve({ code, reason: String(reason) })
      this.#events.emit('change')
    }))
    socket.on('upgrade', response => { this.raw = response.socket })
    // A connection that is cut ends with an error or without one, as it comes; `closed` tells of both.
    socket.on('error', () => {})
    socket.on('message', (data: Buffer, isBinary: boolean) => {
      const text = data.toString()
      if (isBinary) t.fail('a frame was binary', { text })
      check(t, text)
      this.frames.push(text)
      this.#events.emit('change')
    })
    t.teardown(() => socket.terminate())
  }

  /** Connects, and is cut off when the test ends; fails where there is no upgrade. `http` in the address stands for `ws`. */
  static async connect (t: Test, address: string, options: ClientOptions = {}, protocols: string[] = []): Promise<SignallingClient> {
    const client = new SignallingClient(t, new WebSocket(toWs(address), protocols, options))
    await once(client.socket, 'open')
    return client
  }

  /** Sends one message as one text frame; a string or bytes go out as they are. */
  send (message: Record<string, unknown> | string | Buffer): void {
    const raw = typeof message === 'string' || Buffer.isBuffer(message)
    this.socket.send(raw ? message : JSON.stringify(message), { binary: false })
  }

  /** Joins, and waits for the seat. */
  async join (streamId: string, fields: Record<string, unknown> = {}): Promise<Message> {
    this.send({ command: 'join', streamId, ...fields })
    return this.hears('joined')
  }

  /** Waits for the next message of this name; what came before it is skipped. */
  async hears (name: string): Promise<Message> {
    return this.#until(() => {
      while (this.#read < this.frames.length) {
        const message = JSON.parse(this.frames[this.#read++] ?? '') as Message
        if (nameOf(message) === name) return message
      }
      return undefined
    }, () => `waited for '${name}'`)
  }

  /** Waits for the next message, whatever it is. */
  async next (): Promise<Message> {
    const text = await this.#until(() => this.frames[this.#read], () => 'waited for any message')
    this.#read++
    return JSON.parse(text) as Message
  }

  /** What has come so far counts as read. */
  skip (): void {
    this.#read = this.frames.length
  }

  /**
   * Everything that has come since the last look. The server takes a client's frames in order, so what its `pong`
   * has not brought along does not come: this is how a test knows that something was not said.
   */
  async news (): Promise<Message[]> {
    return (await this.newFrames()).map(text => JSON.parse(text) as Message)
  }

  /** As {@link news}, by name. */
  async heard (): Promise<string[]> {
    return namesOf(await this.news())
  }

  /** As {@link news}, as it came. */
  async newFrames (): Promise<string[]> {
    this.send({ command: 'ping' })
    return this.#until(() => {
      const end = this.frames.indexOf('{"command":"pong"}', this.#read)
      if (end === -1) return undefined
      const news = this.frames.slice(this.#read, end)
      this.#read = end + 1
      return news
    }, () => 'waited for pong')
  }

  /** The last of what came, for whoever reads why a test failed. */
  #story (): string {
    return `Heard last: ${this.frames.slice(-10).map(frame => frame.slice(0, 100)).join(' ')}`
  }

  async #until<T> (look: () => T | undefined, what: () => string): Promise<T> {
    const signal = AbortSignal.timeout(MAX_WAIT)
    for (;;) {
      const found = look()
      if (found !== undefined) return found
      if (this.socket.readyState === WebSocket.CLOSED) {
        throw new Error(`The connection is closed; ${what()}. ${this.#story()}`)
      }
      try {
        await once(this.#events, 'change', { signal })
      } catch {
        throw new Error(`${what()} in vain. ${this.#story()}`)
      }
    }
  }
}

const toWs = (address: string): string => address.replace(/^http/, 'ws')

function check (t: Test, text: string): void {
  const complaint = complaintAbout(text)
  if (complaint !== null) t.fail(complaint, { text })
}

/** What is wrong with a frame of the server, by the schemas; null where nothing is. */
export function complaintAbout (text: string): string | null {
  const message = JSON.parse(text) as Message
  const { command, definition = '' } = message
  const ours = (RESERVED_DEFINITIONS as readonly string[]).includes(definition)
  const schema = checks.get(command === 'notification' && ours ? definition : command)
  if (schema === undefined) return 'the server sends nothing of that name'
  return schema.Check(message) ? null : `a frame must satisfy its schema: ${JSON.stringify(schema.Errors(message))}`
}

/** Two clients that sit in a room, with nothing unread. */
export async function pair (t: Test, address: string, room: string, fields: Record<string, unknown> = {}): Promise<[SignallingClient, SignallingClient]> {
  const first = await SignallingClient.connect(t, address)
  const second = await SignallingClient.connect(t, address)
  await first.join(room, fields)
  await second.join(room, fields)
  await first.hears('start')
  return [first, second]
}

/** Whether what either says reaches the other, as it was said, with nothing beside it. */
export async function talks (t: Test, [first, second]: [SignallingClient, SignallingClient], room: string, message: string): Promise<void> {
  for (const [from, to] of [[first, second], [second, first]] as const) {
    const frame = JSON.stringify({ command: 'peerMessageCommand', streamId: room, definition: 'check', data: message })
    from.send(frame)
    t.same(await from.heard(), [], `${message}: nothing comes back`)
    t.same(await to.newFrames(), [frame], `${message}: the other side hears it`)
  }
}

/** The next event of `fastify.rooms`. */
export async function event<E extends keyof RoomEvents> (app: FastifyInstance, name: E): Promise<RoomEvents[E][0]> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`waited for the event '${name}' in vain`)), MAX_WAIT)
    app.rooms.once(name, (...[event]) => {
      clearTimeout(timer)
      resolve(event)
    })
  })
}

/** The HTTP answer in place of an upgrade; its body is `{ text }` where it is not JSON. */
export interface HttpRefusal {
  status: number
  headers: IncomingHttpHeaders
  body: Record<string, unknown>
}

/** The HTTP answer in place of an upgrade; fails where there is one. */
export async function refusal (address: string, options: ClientOptions = {}): Promise<HttpRefusal> {
  const socket = new WebSocket(toWs(address), options)
  return await new Promise((resolve, reject) => {
    socket.on('unexpected-response', (request, response: IncomingMessage) => {
      response.setEncoding('utf8').toArray().then(chunks => {
        const text = chunks.join('')
        const { statusCode: status = 0, headers } = response
        resolve({ status, headers, body: headers['content-type']?.includes('json') === true ? JSON.parse(text) : { text } })
        request.destroy()
      }, reject)
    })
    socket.on('open', () => {
      socket.terminate()
      reject(new Error('There was an upgrade.'))
    })
    socket.on('error', reject)
  })
}
