import t from 'tap'
import { World } from '../helpers/fakes/client-world.js'
import { FakeElement } from '../helpers/fakes/fake-media.js'

// A browser that plays nothing before the person has done something at the page.

t.test('A refusal to play the other side is told, and resumePlayback plays it', async t => {
  const world = new World()
  const [anna, ben] = [world.page(t), world.page(t)]
  const video = new FakeElement()
  video.refuses = 'NotAllowedError'
  anna.elements.remoteVideo = video
  for (const page of [anna, ben]) {
    page.open()
    void page.adaptor.join('room1')
    await world.whenIdle()
  }
  t.equal(anna.count('playback_refused'), 1)
  t.equal(ben.count('playback_refused'), 0)
  await t.rejects(anna.adaptor.resumePlayback(), { name: 'NotAllowedError' }, 'still refused')
  video.refuses = null
  await anna.adaptor.resumePlayback()
  t.equal(video.played, 1)
  t.same(anna.errorNames, [], 'it is no error')
})

t.test('Only that refusal is told: not one of the muted preview, nor the end of a stream that another one replaces', async t => {
  const world = new World()
  const anna = world.page(t)
  const [local, remote] = [new FakeElement(), new FakeElement()]
  local.refuses = 'NotAllowedError'
  remote.refuses = 'AbortError'
  Object.assign(anna.elements, { localVideo: local, remoteVideo: remote })
  const ben = world.page(t)
  for (const page of [anna, ben]) {
    page.open()
    void page.adaptor.join('room1')
    await world.whenIdle()
  }
  t.ok(remote.srcObject)
  t.equal(local.muted, true)
  t.equal(remote.muted, false)
  t.equal(anna.count('playback_refused'), 0)
})

t.test('resumePlayback does nothing where no element plays the other side', async t => {
  const world = new World()
  const anna = world.page(t)
  anna.open({ remoteVideoId: undefined })
  await anna.adaptor.resumePlayback()
  t.pass()
})
