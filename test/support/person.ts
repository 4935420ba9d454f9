/** A person with Delta Chat: an account in a core of its own, and the things that people do. */
import { readdirSync } from 'node:fs'
import { get } from 'node:https'
import { join } from 'node:path'
import { type CoreEvent, DeltaChat } from './deltachat.ts'

export type Message = {
  id: number
  text: string
  file: string | null
  fileBytes: number
  downloadState: string
  error: string | null
  chatId: number
}
type BasicChat = { id: number; name: string }

export class Person {
  readonly core: DeltaChat
  readonly id: number

  private constructor(core: DeltaChat, id: number) {
    this.core = core
    this.id = id
  }

  /**
   * Opens Delta Chat for the first time and scans an invite; resolves when the inbox is watched. `launch` as in
   * `DeltaChat.start`.
   */
  static async join(name: string, invite: string, launch: readonly string[] = []): Promise<Person> {
    const core = DeltaChat.start(launch)
    const person = new Person(core, await core.call<number>('add_account'))
    await person.setConfig('displayname', name)
    await core.call('add_transport_from_qr', person.id, invite)
    await person.event('ImapInboxIdle')
    return person
  }

  call<T = unknown>(method: string, ...params: unknown[]): Promise<T> {
    return this.core.call<T>(method, this.id, ...params)
  }

  event(
    kinds: string | readonly string[],
    matches?: (event: CoreEvent['event']) => boolean,
  ): Promise<CoreEvent['event']> {
    return this.core.event(this.id, kinds, matches)
  }

  setConfig(key: string, value: string | null): Promise<unknown> {
    return this.call('set_config', key, value)
  }

  /** SecureJoin: `this` scans the other's code. Resolves to the chat when both sides are done. */
  async secureJoin(other: Person): Promise<number> {
    const code = await other.call<string>('get_chat_securejoin_qr_code', null)
    const chatId = await this.call<number>('secure_join', code)
    await Promise.all([
      this.event('SecurejoinJoinerProgress', (event) => event.progress === 1000),
      other.event('SecurejoinInviterProgress', (event) => event.progress === 1000),
    ])
    return chatId
  }

  /** The chat with a person whose key is known. */
  async chatWith(other: Person): Promise<number> {
    return this.call<number>('create_chat_by_contact_id', await this.contactOf(other))
  }

  sendText(chatId: number, text: string): Promise<number> {
    return this.call<number>('misc_send_text_message', chatId, text)
  }

  async delivered(msgId: number): Promise<void> {
    await this.event('MsgDelivered', (event) => event.msgId === msgId)
  }

  /** Sends and resolves when the server has taken it. */
  async sendTextAndWait(chatId: number, text: string): Promise<number> {
    const msgId = await this.sendText(chatId, text)
    await this.delivered(msgId)
    return msgId
  }

  /** Resolves to the message once one with this text has come; a stranger's chat is accepted. */
  async receive(text: string): Promise<Message> {
    for (;;) {
      const event = await this.event(['IncomingMsg', 'MsgsChanged'], (each) => Number(each.msgId) > 0)
      // A message may be gone again by now: the handshake's own are removed at once.
      const message = await this.call<Message>('get_message', event.msgId).catch(() => null)
      if (message?.text === text) return message
    }
  }

  /** Resolves to the size of the message's file once it has been downloaded. */
  async downloaded(msgId: number): Promise<number> {
    for (;;) {
      const { downloadState, fileBytes } = await this.call<Message>('get_message', msgId)
      if (downloadState === 'Done') return fileBytes
      if (downloadState === 'Available') await this.call('download_full_message', msgId)
      await this.event('MsgsChanged', (event) => event.msgId === msgId)
    }
  }

  /** The contact of somebody whose key is known. */
  async contactOf(other: Person): Promise<number> {
    const [contactId] = await this.call<number[]>('import_vcard_contents', await other.call<string>('make_vcard', [1]))
    return contactId!
  }

  /** The same account in a core of its own, by a backup through `folder`. */
  async secondDevice(folder: string): Promise<Person> {
    await this.call('export_backup', folder, null)
    const core = DeltaChat.start(this.core.launch)
    const device = new Person(core, await core.call<number>('add_account'))
    await device.call('import_backup', join(folder, readdirSync(folder)[0]!), null)
    await device.call('start_io')
    await device.event('ImapInboxIdle')
    return device
  }

  async accept(chatId: number): Promise<void> {
    await this.call('accept_chat', chatId)
  }

  chat(chatId: number): Promise<BasicChat> {
    return this.call<BasicChat>('get_basic_chat_info', chatId)
  }

  /** What the client will give to WebRTC. */
  async iceServers(): Promise<{ urls: string[]; username: string; credential: string }[]> {
    return JSON.parse(await this.call<string>('ice_servers'))
  }

  stop(): Promise<void> {
    return this.core.stop()
  }
}

/** The invite for the next person, from the server's page, as a visitor sees it. */
export const nextInvite = async (page: string): Promise<string> => {
  const html = await new Promise<string>((resolve, reject) => {
    get(page, { rejectUnauthorized: false, agent: false }, (response) => {
      let body = ''
      response.setEncoding('utf8').on('data', (text) => {
        body += text
      })
      response.on('end', () => resolve(body))
    }).on('error', reject)
  })
  return /href="(dc(?:login|account):[^"]+)"/i.exec(html)![1]!.replaceAll('&amp;', '&')
}
