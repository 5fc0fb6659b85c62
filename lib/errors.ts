import createError from '@fastify/error'

// Every error code that a developer may meet, at start-up, over HTTP before the upgrade, or from `fastify.rooms`.

/** An option is unknown or has a bad value. */
export const BadOptionError = createError('FST_WEBRTC_BAD_OPTION', "fastify-webrtc-signalling: option '%s' %s", 500)

/** A route of the host has the same pattern as one of ours. */
export const RouteClashError = createError(
  'FST_WEBRTC_ROUTE_CLASH',
  "fastify-webrtc-signalling: the route '%s' clashes with '%s' of this plugin: register the plugin under a path of its own with the 'prefix' option",
  500
)

/** The plugin is registered twice under one prefix. */
export const PrefixTakenError = createError(
  'FST_WEBRTC_PREFIX_TAKEN',
  "fastify-webrtc-signalling: already registered under the prefix '%s': give each registration a 'prefix' option of its own",
  500
)

/** The host has a decorator of the name that ours is to have. */
export const DecoratorTakenError = createError(
  'FST_WEBRTC_DECORATOR_TAKEN',
  "fastify-webrtc-signalling: the app has a decorator 'fastify.%s' of its own: give ours another name with the 'decorator' option",
  500
)

/** The prefix has a parameter or a wildcard. */
export const PrefixParameterError = createError(
  'FST_WEBRTC_PREFIX_PARAMETER',
  "fastify-webrtc-signalling: the prefix '%s' has a parameter, and rooms would be shared by all that match it: register the plugin once for each, or make it part of the application's name",
  500
)

/** `fastify.rooms.under()` was asked for a prefix that nobody registered. */
export const NoSuchPrefixError = createError('FST_WEBRTC_NO_SUCH_PREFIX', "Not registered under the prefix '%s'. Known: %s", 500)

/** A value that would go out to clients is none that they can be sent. */
export const BadArgumentError = createError('FST_WEBRTC_BAD_ARGUMENT', "fastify.rooms: '%s' %s", 500, TypeError)

/** An application message may not pass for one of the protocol. */
export const ReservedDefinitionError = createError(
  'FST_WEBRTC_RESERVED_DEFINITION', "The definition '%s' is one of the protocol's own: choose another", 500
)

/** The application's name in the path is none. */
export const BadAppNameError = createError(
  'FST_WEBRTC_BAD_APP_NAME', 'The name of an application is 1 to 128 characters of A-Z a-z 0-9 _ . -', 400
)

/** The page that connects comes from elsewhere. */
export const OriginNotAllowedError = createError(
  'FST_WEBRTC_ORIGIN_NOT_ALLOWED', 'This origin may not connect', 403
)

/** The application is not one of ours. */
export const UnknownAppError = createError('FST_WEBRTC_UNKNOWN_APP', 'No such application', 404)

/** A plain GET where a WebSocket is expected (RFC 9110 section 15.5.22). */
export const UpgradeRequiredError = createError(
  'FST_WEBRTC_UPGRADE_REQUIRED', 'This is a WebSocket address: connect to it with a WebSocket client', 426
)

/** One address has as many connections as it may have. */
export const TooManyConnectionsError = createError(
  'FST_WEBRTC_TOO_MANY_CONNECTIONS', 'Too many connections from one address', 429
)

/** The server has as many connections as it may have. */
export const FullError = createError('FST_WEBRTC_FULL', 'The server has as many connections as it may have', 503)

/** The server is about to stop. */
export const DrainingError = createError('FST_WEBRTC_DRAINING', 'The server is about to stop', 503)
