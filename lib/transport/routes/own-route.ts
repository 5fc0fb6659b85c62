import { STATUS_CODES } from 'node:http'
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest, FastifySchema, RouteOptions } from 'fastify'
import type { Settings } from '../../config/settings.js'
import { RouteClashError } from '../../errors.js'
import { SafeLog } from '../safe-log.js'
import { appConfig, appOf } from './route-app.js'
import { ownConfig, type Standing } from './route-clashes.js'

/**
 * Adds a route of ours to a host's app.
 *
 * @param app the application, where the address has no parameter for it
 * @throws FST_WEBRTC_ROUTE_CLASH where a route of the host stands in its way
 */
export function addRoute (
  scope: FastifyInstance, { logLevel, logSerializers }: Pick<Settings, 'logLevel' | 'logSerializers'>, route: RouteOptions,
  app?: string, standing: Standing = 'stands'
): void {
  try {
    scope.route({
      ...route,
      config: { ...ownConfig(standing), ...appConfig(app) },
      errorHandler: answerRefusal,
      // A host's `onRoute` hook may add to these lists, and must add to one route alone.
      onRequest: [route.onRequest ?? []].flat(),
      preValidation: [route.preValidation ?? []].flat(),
      preHandler: [route.preHandler ?? []].flat(),
      onError: [route.onError ?? []].flat(),
      onResponse: [route.onResponse ?? []].flat(),
      // None of a host's documentation of its own API.
      schema: { hide: true } as FastifySchema,
      ...(logLevel === undefined ? {} : { logLevel }),
      ...(logSerializers === undefined ? {} : { logSerializers })
    })
  } catch (error) {
    if ((error as { code?: string }).code !== 'FST_ERR_DUPLICATED_ROUTE') throw error
    const ours = scope.prefix + route.url
    throw new RouteClashError(patternOf(scope, ours), ours)
  }
}

/** The pattern under which the host has declared our route: the same, but for the names of its parameters. */
function patternOf (scope: FastifyInstance, ours: string): string {
  const found = scope.findRoute({ method: 'GET', url: ours })
  const names = Object.keys((found as { params?: Record<string, string> } | null)?.params ?? {})
  return ours.replace(/:[^/]+/g, own => names.length > 0 ? `:${names.shift()}` : own)
}

/** Answers what we refuse, with one line in the log: a stranger must not be able to fill it. All other errors are the host's. */
function answerRefusal (error: FastifyError, request: FastifyRequest, reply: FastifyReply): void {
  const { code, message, statusCode = 500 } = error
  if (!code?.startsWith('FST_WEBRTC_')) throw error
  new SafeLog(request.log, () => ({ app: appOf(request) })).debug({ code, statusCode }, message)
  reply.code(statusCode).send({ statusCode, code, error: STATUS_CODES[statusCode], message })
}
