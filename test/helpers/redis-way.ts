import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net'

/** What goes one way on a connection: late, perhaps, but always in order. */
class Pipe {
  readonly #to: Socket
  readonly #queue: Array<{ at: number, chunk: Buffer | null }> = []
  #timer: NodeJS.Timeout | null = null
  /** Nothing goes on until it is told to. */
  #isHeld = false

  constructor (to: Socket) {
    this.#to = to
  }

  /** @param chunk null for the end */
  push (chunk: Buffer | null, at: number): void {
    this.#queue.push({ at, chunk })
    this.#pump()
  }

  hold (): void {
    this.#isHeld = true
  }

  letGo (): void {
    this.#isHeld = false
    this.#pump()
  }

  #pump (): void {
    if (this.#timer !== null || this.#isHeld) return
    for (let next = this.#queue[0]; next !== undefined; next = this.#queue[0]) {
      const wait = next.at - performance.now()
      if (wait > 0) {
        this.#timer = setTimeout(() => {
          this.#timer = null
          this.#pump()
        }, wait)
        return
      }
      this.#queue.shift()
      if (next.chunk === null) this.#to.destroySoon()
      else if (this.#to.writable) this.#to.write(next.chunk)
    }
  }
}

/** The way from one server to Redis, which can fail as networks do. What a server has sent before it died still arrives. */
export class RedisWay {
  readonly port: number
  readonly #listener: Server
  readonly #links: Set<readonly [Socket, Socket]>
  /** How long what goes either way takes, in ms. */
  delay = 0
  #heldUntil = 0
  /** What is waited for in what the server says, and who is told of it. */
  #trap: { words: string, caught: (letGo: () => void) => void } | null = null
  #refuses = false
  #losesReplies = false
  /** How many pieces of replies were lost: of commands that Redis had carried out. */
  lost = 0

  private constructor (listener: Server, links: Set<readonly [Socket, Socket]>) {
    this.#listener = listener
    this.#links = links
    this.port = (listener.address() as AddressInfo).port
  }

  static async start (redisPort: number): Promise<RedisWay> {
    const links = new Set<readonly [Socket, Socket]>()
    const listener = createServer(client => way.#carry(client, connect({ host: '127.0.0.1', port: redisPort })))
    listener.listen(0, '127.0.0.1')
    await once(listener, 'listening')
    const way = new RedisWay(listener, links)
    return way
  }

  /** Nothing goes either way for so many ms, and nobody is told. */
  hold (ms: number): void {
    this.#heldUntil = Math.max(this.#heldUntil, performance.now() + ms)
  }

  /**
   * Holds up the next command in which there are these words, and what comes behind it on the same connection.
   *
   * @returns once it has come: lets it go
   */
  async holdAt (words: string): Promise<() => void> {
    return await new Promise(resolve => { this.#trap = { words, caught: resolve } })
  }

  cut (): void {
    for (const sockets of this.#links) for (const socket of sockets) socket.destroy()
  }

  /** Cuts every connection, and takes no new one until {@link accept}. */
  refuse (): void {
    this.#refuses = true
    this.cut()
  }

  accept (): void {
    this.#refuses = false
  }

  /** From now on Redis carries out what it is told, and its answers are lost. */
  loseReplies (): void {
    this.#losesReplies = true
  }

  /** Then the connections are cut, so that what had no answer is sent again. */
  cutWithoutReplies (): void {
    this.#losesReplies = false
    this.cut()
  }

  end (): void {
    this.#listener.close()
    this.cut()
  }

  #carry (client: Socket, server: Socket): void {
    if (this.#refuses) {
      client.destroy()
      server.destroy()
      return
    }
    const link = [client, server] as const
    this.#links.add(link)
    for (const [near, far] of [link, [server, client] as const]) {
      const pipe = new Pipe(far)
      near.setNoDelay(true)
      near.on('error', () => {})
      near.on('close', () => {
        this.#links.delete(link)
        pipe.push(null, this.#due())
      })
      near.on('data', chunk => {
        const trap = this.#trap
        if (near === client && trap !== null && chunk.includes(trap.words)) {
          this.#trap = null
          pipe.hold()
          trap.caught(() => pipe.letGo())
        }
        if (near === server && this.#losesReplies) this.lost++
        else pipe.push(chunk, this.#due())
      })
    }
  }

  #due (): number {
    return Math.max(performance.now() + this.delay, this.#heldUntil)
  }
}
