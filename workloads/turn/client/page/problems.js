// What a browser says of a relay that does not work, and what to do about it.

const tool = 'On a command line, chatmail turn test says more.'

/** By what `icecandidateerror` tells: the relay's own code, or 701 where none came (W3C WebRTC, RTCPeerConnectionIceErrorEvent). */
const refusals = {
  401: {
    title: 'The relay refuses the credential (401).',
    advice: `The key is not the server's: give --secret-file the keyring.json that it runs with. Or the clocks of this machine and of the server differ. ${tool}`,
  },
  403: {
    title: 'The relay refuses this machine (403).',
    advice: 'Its policy does not let this network use it.',
  },
  486: {
    title: 'The relay has no room for this credential (486).',
    advice: 'Its quota of allocations is used up: end other calls, wait ten minutes, or raise turn.limits.',
  },
  508: {
    title: 'The relay takes no new calls (508).',
    advice: 'It is draining before it stops, or has no port left.',
  },
}

const closed =
  'The server is not running there, or its port is closed for UDP in a firewall or security group on the way.'

export const asking = { title: 'Asking the relay for an address …', advice: '' }

/** The browser itself gives up after some forty seconds. */
export const stillAsking = (server) => ({ title: `Nothing has answered at ${server} so far …`, advice: closed })

const loopback = /^(127\.|localhost:|\[::1\])/

/** Why nothing was gathered: `error` is the last that was told, or null. */
export const nothingGathered = (error, server) => {
  if (error && refusals[error.code]) return refusals[error.code]
  if (error && /lookup|resolv/i.test(error.text))
    return {
      title: "The relay's name does not resolve.",
      advice: `Is ${server} right? Publish its A or AAAA record. ${tool}`,
    }
  if (error?.code === 701)
    return {
      title: `Nothing answers at ${server}.`,
      advice: `${closed} ${tool}`,
    }
  if (error) return { title: `The relay refuses (${error.code}).`, advice: `${error.text} ${tool}` }
  if (loopback.test(server))
    return {
      title: 'The browser does not use loopback for calls.',
      advice:
        'Give --server an address that this machine has in a network, or start Chromium with --allow-loopback-in-peer-connection.',
    }
  return { title: 'The relay gave no address.', advice: tool }
}

export const noWayThrough = {
  title: 'Both sides have a relayed address, and nothing comes through.',
  advice: `The relay ports are closed, the public address that the relay tells leads elsewhere, or the network does not bring packets to its own public address back (hairpin). ${tool}`,
}

export const brokenOff = {
  title: 'The call broke off.',
  advice:
    'Nothing came through the relay for a while: it was ended or restarted, or the network between was. Call again.',
}

export const commandEnded = {
  title: 'The command that serves this page has ended.',
  advice: 'Start chatmail turn page again, and open what it prints.',
}

export const inCall = {
  title: 'The other side is in a call already.',
  advice: 'Hang up there, or close all windows of this page but two.',
}
