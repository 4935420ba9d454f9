/** What the page says, as HTML. Every value that is not ours goes through `escapeXml`. */
import type { MailConfig } from '../../../contract/mail-config.ts'
import { escapeXml } from '../autoconfig/document.ts'
import { style } from './style.ts'

/** What the middle of the page shows. */
export type Invitation =
  | { kind: 'code'; link: string; qrSvg: string; onePerson: boolean }
  | { kind: 'ask-token'; refused: string | null }
  | { kind: 'closed' }

const megabytes = (bytes: number): string => `${Math.round(bytes / 1_000_000)} MB`
const days = (seconds: number): string => `${Math.round(seconds / 86_400)} days`

const code = ({ link, qrSvg, onePerson }: Extract<Invitation, { kind: 'code' }>): string => `
<div class="qr">${qrSvg}</div>
<a class="button" href="${escapeXml(link)}">Open in Delta Chat</a>
<p class="note">On this device, press the button. On another one, scan the code with Delta Chat: <em>New profile → Use other server → Scan</em>.</p>
${onePerson ? '<p class="note warning"><strong>This code is one profile, for one person.</strong> Each visit makes a new one: let the next person reload this page.</p>' : ''}
<details><summary>Show the invite as text</summary><code>${escapeXml(link)}</code></details>`

const askToken = (refused: string | null): string => `
<form method="post" action="/">
<p>This server takes new people by invitation.</p>
${refused ? `<p class="warning" role="alert">${escapeXml(refused)}</p>` : ''}
<label for="token">Your invitation</label>
<input id="token" name="token" required autocomplete="off" maxlength="200">
<button class="button" type="submit">Show my code</button>
</form>`

const closed = '<p>This server does not take new people at the moment. Ask its operator for an account.</p>'

const middle = (invitation: Invitation): string => {
  if (invitation.kind === 'code') return code(invitation)
  return invitation.kind === 'ask-token' ? askToken(invitation.refused) : closed
}

const privacy = ({ retention, limits, noLog }: MailConfig): string => `
<h2>Privacy</h2>
<ul>
<li>Messages are end-to-end encrypted; this server refuses everything else. It cannot read them.</li>
<li>No name, phone number or e-mail address is asked for. A profile is a random address and a password.</li>
<li>A message stays until your device has taken it, ${days(retention.messages)} at most; large ones ${days(retention.largeMessages)} at most.</li>
<li>A profile that nobody uses for ${days(retention.inactiveAccounts)} is removed.</li>
<li>${noLog ? 'No address, IP or content is written to logs.' : 'The operator has logging of addresses turned on at the moment.'} Of a login only the day is kept.</li>
<li>One message may have ${megabytes(limits.messageSize)}, a mailbox ${megabytes(limits.quota)}.</li>
</ul>`

const contact = (admin: string | null): string =>
  admin && /^(mailto:|https:)/i.test(admin)
    ? `<p>Questions: <a href="${escapeXml(admin)}">the operator of this server</a>.</p>`
    : ''

/** The whole page. */
export const pageHtml = (config: MailConfig, invitation: Invitation): string => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>${escapeXml(config.domain)} · chatmail</title>
<style>${style}</style>
</head>
<body>
<main>
<h1>${escapeXml(config.domain)}</h1>
<p class="lead">A chatmail server: messages, calls and shared apps with Delta Chat, run by people you know.</p>
<section class="card" aria-label="Invite">${middle(invitation)}</section>
<h2>How to start</h2>
<ol>
<li>Install <a href="https://delta.chat/download" rel="noreferrer">Delta Chat</a> on your phone or computer.</li>
<li>Scan the code above, or press the button on the device itself.</li>
<li>Choose a name. That is all: now show your own code to the people you want to talk to.</li>
</ol>
${privacy(config)}
<footer>${contact(config.admin)}<p>Free software: chatmail-operator, Apache-2.0.</p></footer>
</main>
</body>
</html>
`
