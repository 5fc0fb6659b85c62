import { STATUS_CODES } from 'node:http'
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest, FastifySchema, RouteOptions } from 'fastify'
import type { Settings } from '../../config/settings.js'
import { RouteClashError } from '../../errors.js'
import { SafeLog } from '../safe-log.js'
import { appConfig, appOf } from './route-app.js'
import { ownConfig, type Standing } from './route-clashes.js'

/**
 * Adds one of the plugin's routes to the host's app.
 *
 * @param app the application, if the address has no parameter for it
 * @throws FST_WEBRTC_ROUTE_CLASH if the host has a route at its place
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
      // Each route has lists of its own, because an `onRoute` hook of the host may add to them.
      onRequest: [route.onRequest ?? []].flat(),
      preValidation: [route.preValidation ?? []].flat(),
      preHandler: [route.preHandler ?? []].flat(),
      onError: [route.onError ?? []].flat(),
      onResponse: [route.onResponse ?? []].flat(),
      // The route is left out of the documentation that @fastify/swagger makes of the host's API.
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

/** The pattern of the host's route at the place of one of the plugin's. Only the names of its parameters differ. */
function patternOf (scope: FastifyInstance, ours: string): string {
  const found = scope.findRoute({ method: 'GET', url: ours })
  const names = Object.keys((found as { params?: Record<string, string> } | null)?.params ?? {})
  return ours.replace(/:[^/]+/g, own => names.length > 0 ? `:${names.shift()}` : own)
}

/** Answers a refused request. It is logged at `debug`, so that strangers cannot fill the log. All other errors are the host's. */
function answerRefusal (error: FastifyError, request: FastifyRequest, reply: FastifyReply): void {
  const { code, message, statusCode = 500 } = error
  if (!code?.startsWith('FST_WEBRTC_')) throw error
  new SafeLog(request.log, () => ({ app: appOf(request) })).debug({ code, statusCode }, message)
  reply.code(statusCode).send({ statusCode, code, error: STATUS_CODES[statusCode], message })
}
