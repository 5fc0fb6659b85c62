// The check of the connection, in German.

const NO_WAY = 'Versuche es noch einmal. Bleibt es dabei, sag es dem Betreiber dieser Seite.'

export default {
  again: 'Noch einmal prüfen',
  cancel: 'Abbrechen',
  verdicts: {
    idle: '',
    running: 'Es wird geprüft …',
    good: 'Alles in Ordnung: du kannst anrufen.',
    doubtful: 'Soweit es sich von hier zeigt, steht einem Anruf nichts im Weg. Nicht alles ließ sich prüfen.',
    bad: 'Etwas geht noch nicht. Was zu tun ist, steht darunter.',
    cancelled: 'Die Prüfung wurde abgebrochen.',
    broken: 'Die Prüfung konnte nicht geladen werden. Sieh nach deinem Netz und versuche es noch einmal.'
  },
  states: { running: 'wird geprüft', passed: 'geht', failed: 'geht nicht', skipped: 'nicht geprüft' },
  steps: {
    browser: 'Browser',
    securePage: 'Sichere Seite',
    camera: 'Kamera',
    microphone: 'Mikrofon',
    webSocket: 'Server',
    iceServer: 'Server, der den Weg findet (STUN)',
    turnServer: 'Server, der Anrufe weitergibt (TURN)',
    relayedCall: 'Anruf über das Relay'
  },
  codes: {
    noWebRTC: { reason: 'Dieser Browser kann nicht anrufen, oder es ist ausgeschaltet.', remedy: 'Öffne diese Seite in einem aktuellen Chrome, Edge, Firefox oder Safari.' },
    insecurePage: { reason: 'Die Adresse dieser Seite ist nicht sicher, darum gibt der Browser weder Kamera noch Mikrofon her.', remedy: 'Öffne sie mit einer Adresse, die mit https:// beginnt.' },
    invalidOption: { reason: 'Diese Seite ist falsch eingerichtet.', remedy: 'Sag es ihrem Betreiber.' },
    notWanted: { reason: 'Diese Seite benutzt das nicht.', remedy: '' },
    earlierFailure: { reason: 'Es lässt sich erst prüfen, wenn geht, was darüber nicht geht.', remedy: '' },
    unexpected: { reason: 'Im Browser ist etwas Ungewöhnliches schiefgegangen.', remedy: 'Lade die Seite neu oder nimm einen anderen Browser.' },
    deviceRefused: { reason: 'Der Browser durfte das nicht benutzen.', remedy: '{allow} und prüfe noch einmal.' },
    deviceMissing: { reason: 'Es wurde nichts gefunden.', remedy: 'Schließe etwas an oder schalte es ein. Anrufen kannst du auch ohne.' },
    deviceBusy: { reason: 'Ein anderes Programm benutzt es, oder es startet nicht.', remedy: 'Schließe andere Programme, die es benutzen, oder stecke es neu ein.' },
    deviceUnfit: { reason: 'Es kann nicht, was diese Seite verlangt.', remedy: 'Wähle unter Einstellungen etwas anderes.' },
    deviceFailed: { reason: 'Der Browser konnte es nicht öffnen.', remedy: 'Stecke es neu ein oder starte den Browser neu.' },
    deviceSilent: { reason: 'Es ist offen, und es kommt nichts.', remedy: 'Sieh nach einem Schalter am Gerät und beende Telefongespräche und andere Programme, die es benutzen.' },
    insecureAddress: { reason: 'Eine sichere Seite darf keinen Server benutzen, dessen Adresse nicht sicher ist.', remedy: 'Sag es dem Betreiber dieser Seite: Die Adresse muss mit wss:// beginnen.' },
    serverUnreachable: { reason: 'Der Server antwortet nicht.', remedy: 'Sieh nach deinem Netz: Gehen andere Seiten auf? Wenn ja, sag es dem Betreiber dieser Seite.' },
    applicationUnknown: { reason: 'Der Server kennt die Adresse dieser Seite nicht.', remedy: 'Sieh nach, ob die Adresse stimmt, oder bitte um einen neuen Link.' },
    accessRefused: { reason: 'Der Server lässt dich nicht hinein.', remedy: 'Melde dich neu an.' },
    serverFull: { reason: 'Der Server nimmt gerade niemanden mehr auf.', remedy: 'Versuche es in einer Weile noch einmal.' },
    upgradeRefused: { reason: 'Der Server zeigt Seiten, lässt aber nicht anrufen: Vielleicht hält etwas auf dem Weg dorthin Anrufe auf.', remedy: 'Nimm ein anderes Netz, ohne den Proxy einer Firma. Bleibt es dabei, sag es dem Betreiber dieser Seite.' },
    serverSilent: { reason: 'Der Server lässt dich hinein und sagt dann nichts.', remedy: 'Nimm ein anderes Netz, ohne den Proxy einer Firma. Bleibt es dabei, sag es dem Betreiber dieser Seite.' },
    connectionClosed: { reason: 'Der Server hat die Verbindung beendet.', remedy: NO_WAY },
    joinRefused: { reason: 'Der Server gibt keinen Platz in einem Raum her, der für diese Prüfung erfunden wurde.', remedy: 'In deinen eigenen darfst du vielleicht trotzdem: Tritt ihm bei. Ob sich Anrufe weitergeben lassen, zeigt sich erst dort.' },
    noIceServer: { reason: 'Der Server nennt keinen. Anrufe gehen zwischen Geräten in einem Netz, und sonst fast nirgends.', remedy: 'Kommt dein Anruf nicht zustande, sag es dem Betreiber dieser Seite.' },
    iceServerInvalid: { reason: 'Seine Adresse oder sein Passwort ist falsch eingerichtet.', remedy: 'Sag es dem Betreiber dieser Seite.' },
    iceServerUnreachable: { reason: 'So antwortet er nicht: Er ist vielleicht aus, oder dein Netz lässt dich nicht zu ihm durch.', remedy: 'Geht es auf eine andere Art, genügt das. Geht es auf keine, nimm ein anderes Netz.' },
    credentialsRefused: { reason: 'Er nimmt das Passwort nicht an, das er bekommen hat.', remedy: 'Sag es dem Betreiber dieser Seite: Beide Server brauchen dasselbe Geheimnis und dieselbe Uhrzeit.' },
    iceServerFull: { reason: 'Er gibt schon so viele Anrufe weiter, wie er kann.', remedy: 'Versuche es in einer Weile noch einmal.' },
    allocationRefused: { reason: 'Er weigert sich, einen Anruf weiterzugeben.', remedy: NO_WAY },
    answerUnknown: { reason: 'Dieser Browser sagt nicht, ob er geantwortet hat.', remedy: '' },
    noTurnServer: { reason: 'Der Server nennt keinen, der weitergibt. Aus manchen Netzen geht ein Anruf nur so.', remedy: 'Kommt dein Anruf nicht zustande, sag es dem Betreiber dieser Seite.' },
    noTurnServerWorks: { reason: 'Es lässt sich nicht prüfen, weil kein Server geht, der Anrufe weitergibt.', remedy: '' },
    relayFailed: { reason: 'Der Server nimmt den Anruf an, und es kommt nichts durch.', remedy: NO_WAY },
    relaySlow: { reason: 'Was durchkommt, ist für ein Bild zu wenig.', remedy: 'Geh näher an den Router, beende Downloads oder nimm ein anderes Netz.' }
  }
}
