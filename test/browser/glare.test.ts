import t from 'tap'
import { build } from '../../example/basic/server.js'
import { launch } from '../helpers/browser.js'
import { bothAgree, collisions, together } from '../helpers/glare.js'
import { inCall } from '../helpers/media.js'
import { PeerPage } from '../helpers/peer-page.js'
import { start } from '../helpers/start.js'

const browser = await launch(t)
const origin = await start(t, await build())

t.test('both sides renegotiate at the same instant, a dozen times: never stuck, and both ends agree', async t => {
  const [anna, ben] = [await PeerPage.open(t, browser, `${origin}/WebRTCApp4`), await PeerPage.open(t, browser, `${origin}/WebRTCApp4`)]
  await anna.join('glare')
  await anna.is('waiting')
  await ben.join('glare')
  await inCall(anna, ben)

  for (let round = 0; round < 12; round++) {
    await together([anna, ben], 'negotiate')
    await bothAgree(t, anna, ben)
  }
  await inCall(anna, ben)
  const glares = collisions(anna) + collisions(ben)
  t.ok(glares > 0, `offers crossed ${glares} times`)

  for (let round = 0; round < 6; round++) {
    await together([anna, ben], 'turnOffLocalCamera')
    await Promise.all([anna, ben].map(({ page }) => page.getByText('Their camera is off').waitFor()))
    await together([anna, ben], 'turnOnLocalCamera')
    await inCall(anna, ben)
    await bothAgree(t, anna, ben)
  }
  t.equal(await anna.page.evaluate(() => window.observed.connections.length), 1, 'in one call all along')
})
