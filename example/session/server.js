import { randomBytes, randomUUID } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import cookie from '@fastify/cookie'
import session from '@fastify/session'
import Fastify from 'fastify'
import webrtcSignalling from 'fastify-webrtc-signalling'
import { closeOnSignal } from '../close-on-signal.js'

const EIGHT_HOURS = 8 * 60 * 60 * 1000

/** @param {import('fastify').FastifyServerOptions} [options] */
export async function build (options) {
  const app = Fastify(options)
  await app.register(cookie)
  await app.register(session, {
    secret: process.env.SESSION_SECRET ?? randomBytes(32).toString('hex'),
    saveUninitialized: false,
    cookie: { httpOnly: true, sameSite: 'lax', secure: 'auto', maxAge: EIGHT_HOURS }
  })

  await app.register(webrtcSignalling, {
    apps: ['WebRTCApp4'],
    // Before the upgrade: only who has logged in. The session's own hook has read the cookie by now.
    async onRequest (request) {
      if (request.session.user === undefined) throw Object.assign(new Error('Log in first.'), { statusCode: 401 })
    },
    authorize: request => ({ metadata: { user: request.session.user, login: request.session.login } })
  })

  // In place of your own login, which would ask for a password, and with POST.
  app.get('/login/:user', async (request, reply) => {
    // A new id at each login, so that nobody can plant one of theirs in somebody's browser beforehand.
    await request.session.regenerate()
    request.session.user = request.params.user
    // Names this login where others may read it; the session's own id would be a key to it.
    request.session.login = randomUUID()
    return reply.redirect('/WebRTCApp4/peer.html')
  })

  app.post('/logout', async (request, reply) => {
    const { login } = request.session
    await request.session.destroy()
    // The session is gone, but its calls are not: a connection that stands is not asked again.
    for (const { peers } of await app.rooms.list()) {
      for (const { id, metadata } of peers) {
        if (login !== undefined && metadata.login === login) await app.rooms.remove(id, 'logged out')
      }
    }
    return reply.code(204).send()
  })
  return app
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const app = await build()
  closeOnSignal(app)
  await app.listen({ port: Number(process.env.PORT ?? 8081) })
  const address = `http://localhost:${app.server.address().port}/login`
  console.log(`Open ${address}/ann and ${address}/ben in two browsers, and join the same room.`)
}
