/** `spec.iroh`: the relay for real-time apps. */
import { z } from 'zod'
import { port } from '../names.ts'
import { section } from '../rules.ts'
import { resources } from './pods.ts'

export const iroh = section(
  'The relay for real-time apps (webxdc).',
  {
    mode: z
      .enum(['Managed', 'External', 'Disabled'])
      .default('Managed')
      .describe(
        'Managed: this server runs one. External: clients are told the URL given, while a relay answers there. Disabled: clients are told that there is none.',
      ),
    url: z
      .string()
      .min(1)
      .max(2000)
      .regex(/^https?:\/\/[^\s/?#]+\/?$/, 'a URL with https:// or http:// and no path: clients use nothing else of it')
      .optional()
      .describe(
        'URL of the relay, for mode External. With https:// its certificate must be one that browsers trust; clients accept no other.',
      ),
    port: port
      .default(3340)
      .describe(
        'TCP port of the relay that this server runs. On one machine with a self-signed certificate clients connect to it; otherwise mail alone does, and clients use the HTTPS port.',
      ),
    resources: resources('the relay', { cpu: '50m', memory: '96Mi', memoryLimit: '512Mi' }),
  },
  [
    {
      cel: "self.mode != 'External' || has(self.url)",
      message: 'iroh.mode External needs iroh.url',
      field: [],
      holds: (self) => self.mode !== 'External' || self.url !== undefined,
    },
  ],
)
