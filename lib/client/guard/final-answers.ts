import type { PeerSession } from '../call/peer-session.js'
import type { ExtraContext } from '../extras/extra.js'

/**
 * Has each session forget how its last answer could be undone before it offers. Chromium (seen in 156) notes how to undo the new sections of
 * our answer, although nothing undoes an answer, and keeps the note until the next description is agreed or taken back. If that is an offer
 * of ours that collides, it undoes the answer's part as well: the receivers are cut off from their packets' news, and a track that was muted
 * stays so for ever. So the other side's offer is set once more, and taken back.
 */
export function finishAnswers ({ current }: ExtraContext): void {
  const handleSession = (session: PeerSession | null): void => {
    if (session === null) return
    const { negotiation, peerConnection } = session
    negotiation.finish = async () => {
      negotiation.repeating = true
      try {
        await peerConnection.setRemoteDescription({ type: 'offer', sdp: peerConnection.remoteDescription?.sdp ?? '' })
        await peerConnection.setRemoteDescription({ type: 'rollback' })
      } finally {
        negotiation.repeating = false
      }
    }
  }
  current.on('session', handleSession)
  handleSession(current.session)
}
