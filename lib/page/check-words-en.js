// The check of the connection, in English: its steps, and for each code of the SDK's what is the matter and what a person can do about it.

const NO_WAY = 'Try again. If it stays so, tell whoever runs this page.'

export default {
  again: 'Check again',
  cancel: 'Cancel',
  verdicts: {
    idle: '',
    running: 'Checking …',
    good: 'All is well: you can call.',
    doubtful: 'Nothing stands in the way of a call that can be seen from here. Not all could be tried.',
    bad: 'Something does not work yet. What to do about it stands below.',
    cancelled: 'The check was cancelled.',
    broken: 'The check could not be loaded. Look at your network, and try again.'
  },
  states: { running: 'is being checked', passed: 'works', failed: 'does not work', skipped: 'not checked' },
  steps: {
    browser: 'Browser',
    securePage: 'Secure page',
    camera: 'Camera',
    microphone: 'Microphone',
    webSocket: 'Server',
    iceServer: 'Server that finds the way (STUN)',
    turnServer: 'Server that relays calls (TURN)',
    relayedCall: 'Call through the relay'
  },
  codes: {
    noWebRTC: { reason: 'This browser cannot make calls, or calls are switched off in it.', remedy: 'Open this page in a current Chrome, Edge, Firefox or Safari.' },
    insecurePage: { reason: 'The address of this page is not secure, so the browser gives it no camera and no microphone.', remedy: 'Open it by an address that begins with https://.' },
    invalidOption: { reason: 'This page is set up wrongly.', remedy: 'Tell whoever runs it.' },
    notWanted: { reason: 'This page does not use it.', remedy: '' },
    earlierFailure: { reason: 'It cannot be tried before what failed above it works.', remedy: '' },
    unexpected: { reason: 'The browser has failed in an unusual way.', remedy: 'Reload the page, or try another browser.' },
    deviceRefused: { reason: 'The browser was not allowed to use it.', remedy: '{allow}, then check again.' },
    deviceMissing: { reason: 'None was found.', remedy: 'Plug one in, or switch it on. You can call without it, too.' },
    deviceBusy: { reason: 'Another program is using it, or it does not start.', remedy: 'Close other programs that use it, or plug it in again.' },
    deviceUnfit: { reason: 'It cannot do what this page asks of it.', remedy: 'Choose another one under Settings.' },
    deviceFailed: { reason: 'The browser could not open it.', remedy: 'Plug it in again, or restart the browser.' },
    deviceSilent: { reason: 'It is open, and gives nothing.', remedy: 'Look for a switch at the device itself, and end phone calls and other programs that use it.' },
    insecureAddress: { reason: 'A secure page may not use a server whose address is not secure.', remedy: 'Tell whoever runs this page: the address must begin with wss://.' },
    serverUnreachable: { reason: 'The server does not answer.', remedy: 'Look at your network: do other pages open? If they do, tell whoever runs this page.' },
    applicationUnknown: { reason: 'The server does not know the address of this page.', remedy: 'Look for a mistake in the address, or ask for a new link.' },
    accessRefused: { reason: 'The server does not let you in.', remedy: 'Log in again.' },
    serverFull: { reason: 'The server takes nobody else just now.', remedy: 'Try again in a while.' },
    upgradeRefused: { reason: 'The server answers pages, but no calls: something between you and it may hold them back.', remedy: 'Try another network, without a company\'s proxy. If it stays so, tell whoever runs this page.' },
    serverSilent: { reason: 'The server lets you in, and then says nothing.', remedy: 'Try another network, without a company\'s proxy. If it stays so, tell whoever runs this page.' },
    connectionClosed: { reason: 'The server has ended the connection.', remedy: NO_WAY },
    joinRefused: { reason: 'The server gives no place in a room that was made up for this check.', remedy: 'You may be allowed into your own room all the same: join it. Whether calls can be relayed is not known before.' },
    noIceServer: { reason: 'The server names none. Calls work between devices of one network, and hardly anywhere else.', remedy: 'If your call does not come up, tell whoever runs this page.' },
    iceServerInvalid: { reason: 'Its address or its password is set up wrongly.', remedy: 'Tell whoever runs this page.' },
    iceServerUnreachable: { reason: 'It does not answer in this way: it may be off, or your network may not let you through to it.', remedy: 'If another way works, that is enough. If none does, try another network.' },
    credentialsRefused: { reason: 'It does not take the password that it was given.', remedy: 'Tell whoever runs this page: both servers must have the same secret, and the same time.' },
    iceServerFull: { reason: 'It relays as many calls as it can.', remedy: 'Try again in a while.' },
    allocationRefused: { reason: 'It refuses to relay a call.', remedy: NO_WAY },
    answerUnknown: { reason: 'This browser does not tell whether it has answered.', remedy: '' },
    noTurnServer: { reason: 'The server names none that relays. From some networks a call comes up by no other way.', remedy: 'If your call does not come up, tell whoever runs this page.' },
    noTurnServerWorks: { reason: 'It cannot be tried, since no server that relays works.', remedy: '' },
    relayFailed: { reason: 'The server takes the call, and nothing comes through.', remedy: NO_WAY },
    relaySlow: { reason: 'What comes through is too little for a picture.', remedy: 'Come closer to your router, end downloads, or use another network.' }
  }
}
