import t from 'tap'
import type { Frame } from '../../lib/client/signalling/frames.js'
import { nextPhase, readAnswer, type JoinEvent, type JoinPhase, type JoinState } from '../../lib/client/signalling/join-phase.js'

const PHASES: readonly JoinPhase[] = ['none', 'joining', 'joined', 'leaving']

t.test('each event leads where it should, and one that means nothing in a phase leads nowhere', async t => {
  // One column for each phase, in the order of PHASES; a dash where the event changes nothing.
  const table: Record<JoinEvent, string> = {
    joinSent: 'joining - - -',
    leaveSent: 'leaving leaving leaving leaving',
    seatTaken: '- joined - -',
    joinRefused: '- none - -',
    abandonedSeatTaken: '- - - leaving',
    seatLeft: '- - - none',
    leaveRefused: '- - - leaving',
    putOut: '- - none -',
    seatUnknown: '- - none -',
    socketLost: 'none none none none'
  }
  for (const [event, row] of Object.entries(table) as Array<[JoinEvent, string]>) {
    const expected = row.split(' ')
    for (const [index, phase] of PHASES.entries()) {
      t.equal(nextPhase(phase, event), expected[index] === '-' ? phase : expected[index], `${phase}, ${event}`)
    }
  }
})

t.test('what the server says is read by the phase and by the room that it names', async t => {
  const states: Record<JoinPhase, JoinState> = {
    none: { phase: 'none', wanted: null, held: undefined, leaving: '' },
    joining: { phase: 'joining', wanted: 'a', held: undefined, leaving: '' },
    joined: { phase: 'joined', wanted: 'a', held: 'a', leaving: '' },
    // Already wanted: the next room.
    leaving: { phase: 'leaving', wanted: 'b', held: undefined, leaving: 'a' }
  }
  const notification = (definition: string, streamId: string) => ({ command: 'notification', definition, streamId })
  const error = (definition: string, streamId?: string) => ({ command: 'error', definition, ...streamId === undefined ? {} : { streamId } })
  // In the order of PHASES. `late`: an answer to something that is over. A dash: no answer to `join` or `leave`.
  const table: Array<[Frame, string]> = [
    [notification('joined', 'a'), 'late seatTaken late abandonedSeatTaken'],
    [notification('joined', 'b'), 'late late late late'],
    [notification('leaved', 'a'), 'late late putOut seatLeft'],
    [notification('leaved', 'b'), 'late late late late'],
    [notification('peerJoined', 'a'), '- - - -'],
    [error('NoSpaceForNewPeer', 'a'), '- joinRefused - late'],
    [error('NoSpaceForNewPeer', 'b'), '- - - -'],
    [error('NoSpaceForNewPeer'), '- joinRefused - late'],
    [error('rateExceeded', 'a'), '- joinRefused - leaveRefused'],
    [error('rateExceeded'), '- joinRefused - leaveRefused'],
    [error('rateExceeded', 'b'), '- - - -'],
    [error('notInRoom', 'a'), '- - seatUnknown seatLeft'],
    [error('notInRoom', 'b'), '- - - -'],
    [error('notInRoom'), '- - - seatLeft'],
    [error('no_peer_associated_before', 'a'), '- - - late'],
    [{ command: 'pong' }, '- - - -'],
    [{ command: 'start', streamId: 'a' }, '- - - -']
  ]
  for (const [frame, row] of table) {
    const expected = row.split(' ')
    for (const [index, phase] of PHASES.entries()) {
      const event = readAnswer(states[phase], frame)
      t.equal(event === undefined ? '-' : event ?? 'late', expected[index], `${phase}, ${JSON.stringify(frame)}`)
    }
  }
})
