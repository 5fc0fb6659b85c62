import { randomBytes } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import cookie from '@fastify/cookie'
import jwt from '@fastify/jwt'
import Fastify from 'fastify'
import webrtcSignalling from 'fastify-webrtc-signalling'
import { closeOnSignal } from '../close-on-signal.js'

/** @param {import('fastify').FastifyServerOptions} [options] */
export async function build (options) {
  const app = Fastify(options)
  await app.register(cookie)
  await app.register(jwt, {
    // Whoever issues the tokens has the same secret, or you verify with the issuer's public key.
    secret: process.env.JWT_SECRET ?? randomBytes(32).toString('hex'),
    // A browser cannot set a header on a WebSocket, but it sends its cookies. Other clients send `Authorization: Bearer …`.
    cookie: { cookieName: 'invitation', signed: false }
  })

  await app.register(webrtcSignalling, {
    apps: ['WebRTCApp4'],
    // Before the upgrade: who are you? What this throws is an HTTP status, here 401.
    onRequest: request => request.jwtVerify(),
    // At each join: may you into this room? What this throws is `unauthorized_access`.
    authorize (request, { room }) {
      if (request.user.room !== room) throw new Error(`The token is for the room ${request.user.room}.`)
      return { metadata: { name: request.user.name } }
    }
  })

  // In place of your own login: whoever follows this link is let into that one room for an hour.
  app.get('/invitation/:room/:name', async (request, reply) => {
    const { room, name } = request.params
    const token = app.jwt.sign({ room, name }, { expiresIn: '1h' })
    reply.setCookie('invitation', token, { path: '/', httpOnly: true, sameSite: 'lax', secure: 'auto', maxAge: 3600 })
    return reply.redirect(`/WebRTCApp4/peer.html?room=${encodeURIComponent(room)}`)
  })
  return app
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const app = await build()
  closeOnSignal(app)
  await app.listen({ port: Number(process.env.PORT ?? 8081) })
  const address = `http://localhost:${app.server.address().port}/invitation`
  console.log(`Open ${address}/room1/ann and ${address}/room1/ben in two browsers, and join the room.`)
}
