import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import type { Test } from 'tap'

interface Link {
  client: Socket
  server: Socket
  swallowed: boolean
}

/** What to look for in what the server says, and what to do about the connection that it is said on. */
interface Trap {
  said: string
  /** Whether the words still reach the client. */
  delivered: boolean
  then: () => void
}

/** A piece of network between browsers and a server that can fail as networks do. */
export class Proxy {
  readonly origin: string
  readonly #links: Set<Link>
  #target: URL
  /** How long what goes either way is held back, in ms. */
  delay = 0
  #trap: Trap | undefined
  #refuses = false

  private constructor (port: number, links: Set<Link>, target: URL) {
    this.origin = `http://localhost:${port}`
    this.#links = links
    this.#target = target
  }

  /** Listens on a free port of the loopback, in front of `origin`, until the test ends. */
  static async start (t: Test, origin: string): Promise<Proxy> {
    const links = new Set<Link>()
    const server = createServer(client => {
      if (proxy.#refuses) {
        client.destroy()
        return
      }
      const { hostname, port } = proxy.#target
      const link = { client, server: connect({ host: hostname, port: Number(port) }), swallowed: false }
      links.add(link)
      for (const [near, far] of [[link.client, link.server], [link.server, link.client]] as const) {
        // A connection that is cut ends with an error or without one, as it comes; both ends learn of it by `close`.
        near.on('error', () => {})
        near.on('close', () => { if (!link.swallowed) far.destroySoon() })
      }
      client.on('data', chunk => proxy.#later(() => { if (!link.swallowed) link.server.write(chunk) }))
      link.server.on('data', chunk => { if (!link.swallowed) proxy.#later(() => proxy.#reply(link, chunk)) })
    })
    t.teardown(() => {
      proxy.cut()
      server.close()
    })
    await new Promise<void>(resolve => server.listen(0, 'localhost', resolve))
    const proxy = new Proxy((server.address() as AddressInfo).port, links, new URL(origin))
    return proxy
  }

  /** Ends every connection, so that both sides see it end without a close frame. */
  cut (): void {
    for (const { client, server } of this.#links) {
      client.destroy()
      server.destroy()
    }
  }

  /** Cuts every connection, and takes no new one until {@link accept}. */
  refuse (): void {
    this.#refuses = true
    this.cut()
  }

  /** Leads to another server from now on. The connections that are open stay. */
  leadTo (origin: string): void {
    this.#target = new URL(origin)
  }

  accept (): void {
    this.#refuses = false
  }

  /** From here on nothing gets through on the connections that are open now, and neither side is told. New ones work. */
  swallow (): void {
    for (const link of this.#links) link.swallowed = true
  }

  /**
   * Cuts this proxy's connections, and those of `others`, once the server says `said` here. Frames from a server
   * are not masked (RFC 6455 section 5.1), so that the words can be found as they pass.
   */
  async cutAt (said: string, { delivered = true, others = [] as Proxy[], here = true } = {}): Promise<void> {
    return new Promise(resolve => {
      this.#trap = {
        said,
        delivered,
        then: () => {
          for (const proxy of others) proxy.cut()
          if (here) this.cut()
          resolve()
        }
      }
    })
  }

  /** What is held back keeps its order: timers of one length do. */
  #later (task: () => void): void {
    if (this.delay === 0) task()
    else setTimeout(task, this.delay)
  }

  #reply (link: Link, chunk: Buffer): void {
    const trap = this.#trap
    if (trap === undefined || !chunk.includes(trap.said)) {
      link.client.write(chunk)
      return
    }
    this.#trap = undefined
    if (trap.delivered) link.client.write(chunk, trap.then)
    else trap.then()
  }
}
