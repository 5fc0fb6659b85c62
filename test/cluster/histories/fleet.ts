import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import type { Random } from '../simulator/random.js'
import { RedisWay } from '../../helpers/redis-way.js'
import type { Asked, Begin, Told } from '../../helpers/sharing-process.js'

/** What a server says of a room, on all servers. */
export type Room = Extract<Told, { rooms: unknown }>['rooms'][number]

/** What is told of a server. */
export interface ServerListener {
  logged (server: string, line: string): void
  /** It has ended, and nobody has told it to. */
  ended (server: string): void
}

/** One server: a process of its own, and its way to Redis. */
export class RealServer {
  readonly name: string
  readonly way: RedisWay
  readonly #child: ChildProcess
  readonly #questions = new Map<number, (rooms: Room[]) => void>()
  readonly ended: Promise<unknown>
  /** `http://127.0.0.1:…`; empty until it listens. */
  origin = ''
  /** It is to end. */
  isEnding = false
  #pauses = 0

  constructor (program: string, name: string, way: RedisWay, begin: Omit<Begin, 'redisPort'>, listener: ServerListener) {
    this.name = name
    this.way = way
    // Without what tap has its own processes load.
    const env: NodeJS.ProcessEnv = { ...process.env, NODE_OPTIONS: '' }
    const child = this.#child = fork(program, { env, execArgv: ['--enable-source-maps'], stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
    child.send({ ...begin, redisPort: way.port } as object)
    child.on('message', (told: Told) => {
      if ('port' in told) this.origin = `http://127.0.0.1:${told.port}`
      else if ('logged' in told) listener.logged(name, told.logged)
      else this.#questions.get(told.list)?.(told.rooms)
    })
    // A child that is gone takes no more questions.
    child.on('error', () => {})
    this.ended = once(child, 'exit').then(() => {
      way.end()
      if (!this.isEnding) listener.ended(name)
    })
  }

  /** Whether a load balancer sends anybody there. It does not know of one that stands still. */
  get isOpen (): boolean {
    return this.origin !== '' && !this.isEnding
  }

  get isPaused (): boolean {
    return this.#pauses > 0
  }

  pause (): void {
    if (this.#pauses++ === 0) this.#child.kill('SIGSTOP')
  }

  goOn (): void {
    if (--this.#pauses === 0) this.#child.kill('SIGCONT')
  }

  kill (): void {
    this.isEnding = true
    this.#child.kill('SIGKILL')
  }

  drain (): void {
    this.isEnding = true
    this.#ask('close')
  }

  /** Which rooms there are, as this server knows it. */
  async list (): Promise<Room[]> {
    return await new Promise(resolve => {
      const list = this.#questions.size
      this.#questions.set(list, resolve)
      this.#ask({ list })
    })
  }

  #ask (asked: Asked): void {
    if (this.#child.connected) this.#child.send(asked)
  }
}

/** The servers of one history, and what was started in the place of each. */
export class Fleet {
  /** null where none is in its place. */
  readonly servers: Array<RealServer | null> = []
  readonly #all: RealServer[] = []
  readonly #make: (name: string) => Promise<RealServer>
  #names = 0

  /** @param program `sharing-process.ts`, compiled */
  constructor (program: string, redisPort: number, begin: Omit<Begin, 'redisPort'>, listener: ServerListener) {
    this.#make = async name => {
      const way = await RedisWay.start(redisPort)
      return new RealServer(program, name, way, begin, listener)
    }
  }

  async start (place: number): Promise<void> {
    this.servers[place] ??= null
    const server = await this.#make(`server ${place}.${++this.#names}`)
    this.#all.push(server)
    this.servers[place] = server
  }

  /** Where a load balancer sends the next connection; null where no server is up. */
  balanced (random: Random): RealServer | null {
    const open = this.servers.filter(server => server?.isOpen === true)
    return open.length === 0 ? null : random.pick(open)
  }

  async end (): Promise<void> {
    for (const server of this.#all) server.kill()
    await Promise.all(this.#all.map(async server => server.ended))
  }
}
