import type { ExtraContext } from '../extras/extra.js'
import type { DebugLog } from '../extras/debug-log.js'
import { Recovery, type RecoveryStep } from './recovery.js'
import type { MessageSender } from './message-sender.js'

/** Carries out the steps of the recovery, and tells it how the call goes: from its beginning, or from the guard's arrival on. */
export class Repair {
  readonly #context: ExtraContext
  readonly #sender: MessageSender
  readonly #recovery: Recovery

  constructor (context: ExtraContext, sender: MessageSender) {
    this.#context = context
    this.#sender = sender
    const { call, current, environment, signalling, announcer, AdaptorError } = context
    const { pair } = call
    const recovery = this.#recovery = new Recovery(environment, {
      able: () => signalling.seated && pair.present,
      polite: () => pair.polite,
      plain: () => current.session?.peer !== 'ours',
      mayOffer: () => current.session?.mayOffer ?? false,
      attempt: step => this.#attempt(step),
      unanswered: () => current.known?.unanswered,
      report: (name, message) => announcer.report(new AdaptorError(name, message))
    })
    // Each of these comes when the call has done what it does about it.
    signalling.on('seated', () => recovery.handleAble())
    signalling.on('seat', ({ command }) => {
      if (command !== 'stop') return
      // A call whose media flows goes on where only the other side's way to the server is lost.
      if (current.session === null) recovery.handleGone()
      else recovery.stop()
    })
    call.on('over', () => recovery.stop())
    call.on('recognized', () => recovery.handleRecognition())
    // The other side may be restarting ICE.
    call.on('choice', choice => { if (choice === 'current') recovery.handleProgress() })
    current.on('session', () => this.#handleSession())
    current.on('state', state => { if (pair.present) recovery.handleState(state) })
    const state = current.session?.state
    if (state === 'new' || state === 'connecting') this.#handleSession()
    else if (state !== undefined && pair.present) recovery.handleState(state)
    // An offer of ours is due that could not be made, for example because the browser refuses a server.
    else if (pair.present && !pair.awaitingOffer) void call.queue.push(async () => { if (current.session === null) await call.startAfresh('unknown') })
  }

  close (): void {
    this.#recovery.stop()
  }

  #handleSession (): void {
    const { session } = this.#context.current
    if (session !== null) this.#recovery.handleSetUp(!session.initiator)
  }

  #attempt (step: RecoveryStep): void {
    const { call, current: { session }, debug, iceServers, part, signalling } = this.#context
    if (debug !== null) void part<DebugLog>('debug-log').then(log => log.note('recovery', step), () => {})
    if (step === 'rejoin') {
      call.abandon()
      call.pair.handleAbsence()
      if (signalling.roomJoin.rejoin()) this.#sender.handleRejoin()
    } else if (session !== null && (step === 'fresh' || !session.answered)) {
      void call.queue.push(() => call.startAfresh(session.peer))
    } else if (session !== null) {
      void call.queue.push(async () => {
        await iceServers.ready()
        if (!session.closed) session.peerConnection.restartIce()
      })
    }
  }
}
