import type { ExtraContext } from '../extras/extra.js'

/** What the guard of the signalling needs of the SDK. */
export type SignallingContext = Pick<ExtraContext, 'environment' | 'signalling' | 'AdaptorError'> & { announcer: Pick<ExtraContext['announcer'], 'report'> }
