/** The system's Chromium without a screen, quiet, and with loopback among the addresses that WebRTC may use. */
import { type Browser, chromium } from 'playwright-core'
import { findProgram } from './oracle.ts'

const flags = [
  '--allow-loopback-in-peer-connection',
  '--autoplay-policy=no-user-gesture-required',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-gpu',
  '--disable-quic',
  '--disable-sync',
  '--no-first-run',
  '--no-sandbox',
  '--use-fake-device-for-media-stream',
  '--use-fake-ui-for-media-stream',
]

export const openBrowser = (further: readonly string[] = []): Promise<Browser> =>
  chromium.launch({ executablePath: findProgram('chromium')!, args: [...flags, ...further] })
