/** The image's configuration, as JSON of the OCI image specification. The Dockerfile says the same. */
import { workloadEnvironment } from '../../workloads/contract/workload-process.ts'

export const imageConfig = {
  User: '65532:65532',
  Env: [
    'PATH=/usr/local/bin:/usr/bin:/bin',
    'NODE_ENV=production',
    ...Object.entries(workloadEnvironment).map(([name, value]) => `${name}=${value}`),
  ],
  Entrypoint: ['chatmail'],
  WorkingDir: '/',
}

if (import.meta.main) console.log(JSON.stringify(imageConfig))
