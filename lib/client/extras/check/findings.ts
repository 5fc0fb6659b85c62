import type { CheckCode } from './check-types.js'

/** What is the matter, and what to do about it. */
interface Finding {
  reason: string
  remedy: string
}

/** The texts of each code, in plain English. */
export const FINDINGS: Record<CheckCode, Finding> = {
  noWebRTC: {
    reason: 'This browser has no WebRTC, or has it switched off.',
    remedy: 'Use a current version of Chrome, Edge, Firefox or Safari, and switch WebRTC on if a setting or an extension has it off.'
  },
  insecurePage: {
    reason: 'The page was not loaded over HTTPS, so the browser gives it no camera and no microphone.',
    remedy: 'Open the page by an address that begins with https://.'
  },
  invalidOption: {
    reason: 'An option of the page is not valid.',
    remedy: 'Tell whoever runs the page.'
  },
  notWanted: {
    reason: 'The page does not use this device.',
    remedy: 'Nothing needs to be done.'
  },
  earlierFailure: {
    reason: 'It cannot be tried because an earlier step failed.',
    remedy: 'Deal with the earlier step first.'
  },
  unexpected: {
    reason: 'The browser failed in a way that is not known here.',
    remedy: 'Load the page again, or try another browser.'
  },
  deviceRefused: {
    reason: 'The device was not allowed.',
    remedy: 'Allow it by the icon beside the address of the page, and in the privacy settings of the system; then try again.'
  },
  deviceMissing: {
    reason: 'There is no such device.',
    remedy: 'Plug one in, or switch it on.'
  },
  deviceBusy: {
    reason: 'The device is there and cannot be used: another program may have it.',
    remedy: 'Close other programs that use it, or plug it in again.'
  },
  deviceUnfit: {
    reason: 'No device can do what the page asks for.',
    remedy: 'Use another device, or have the page ask for less in mediaConstraints.'
  },
  deviceFailed: {
    reason: 'The browser could not open the device.',
    remedy: 'Plug it in again, or restart the browser.'
  },
  deviceSilent: {
    reason: 'The device is open and gives nothing.',
    remedy: 'Switch it on at its own switch, and end phone calls and other programs that use it.'
  },
  insecureAddress: {
    reason: 'A page loaded over HTTPS may not connect to an address that begins with ws://.',
    remedy: 'Use an address that begins with wss:// as websocket_url.'
  },
  serverUnreachable: {
    reason: 'The server does not answer.',
    remedy: 'Check the network, the address of the server, and whether it runs.'
  },
  applicationUnknown: {
    reason: 'The server has no such application.',
    remedy: 'Check the name at the end of the address, and the option apps of the server.'
  },
  accessRefused: {
    reason: 'The server does not let this page connect.',
    remedy: 'Log in again, or check what the server asks of those who connect.'
  },
  serverFull: {
    reason: 'The server takes no more connections now.',
    remedy: 'Try again later.'
  },
  upgradeRefused: {
    reason: 'The server answers, and refuses a WebSocket, or a proxy before it does.',
    remedy: 'Let each proxy pass on the headers Upgrade, Connection and Origin, and allow this page in the option allowedOrigins of the server.'
  },
  serverSilent: {
    reason: 'The WebSocket is open, and the server does not answer on it.',
    remedy: 'Check that the address is that of a signalling server, and that no proxy holds messages back.'
  },
  connectionClosed: {
    reason: 'The server closed the connection.',
    remedy: 'Try again; if it goes on, look into the log of the server.'
  },
  joinRefused: {
    reason: 'The server does not give a seat in the room.',
    remedy: 'Check the name of the room and the token, and that there is a free seat.'
  },
  noIceServer: {
    reason: 'Neither the page nor the server names a STUN or TURN server. Calls come up between devices of one network, and hardly anywhere else.',
    remedy: 'Name STUN and TURN servers in the options iceServers and turn of the server. If they are for those who have joined, check with roomName.'
  },
  iceServerInvalid: {
    reason: 'The browser does not take the address of the server or its credentials.',
    remedy: 'Correct its URL, and give a TURN server a username and a credential.'
  },
  iceServerUnreachable: {
    reason: 'The server does not answer by this transport, or its certificate is not valid.',
    remedy: 'Check that it runs, and that its port is open in every firewall; for turns: also its certificate.'
  },
  credentialsRefused: {
    reason: 'The TURN server does not take the credentials.',
    remedy: 'Give the signalling server and the TURN server the same secret, and set the clocks of both.'
  },
  iceServerFull: {
    reason: 'The TURN server has no room for another allocation.',
    remedy: 'Raise its quotas, or add another server.'
  },
  allocationRefused: {
    reason: 'The TURN server refuses the allocation.',
    remedy: 'Look into the log of the TURN server.'
  },
  answerUnknown: {
    reason: 'This browser does not tell whether the STUN server has answered.',
    remedy: 'Check with another browser.'
  },
  noTurnServer: {
    reason: 'No TURN server is named. Some networks let calls through only by one.',
    remedy: 'Name one in the option turn of the server. If it is for those who have joined, check with roomName.'
  },
  noTurnServerWorks: {
    reason: 'It cannot be tried because no TURN server works.',
    remedy: 'Deal with the TURN servers first.'
  },
  relayFailed: {
    reason: 'The TURN servers allocate, and nothing comes through.',
    remedy: 'Open the ports of their relays in every firewall, and let them relay to each other and to themselves.'
  },
  relaySlow: {
    reason: 'What comes through the TURN servers is not enough for a picture.',
    remedy: 'Use another network, or a TURN server that is nearer or has more bandwidth.'
  }
}
