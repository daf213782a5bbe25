/** How bwrap is called: what a function sees of the machine, and as whom it runs. */
import { lstatSync, readlinkSync } from 'node:fs'
import { HANDOVER_FD } from './child.ts'
import { BOOTSTRAPS_PATH, findProgram, findSdkModules } from './installation.ts'
import { FILES_MAX, PROCESSES_MAX } from './limits.ts'

const MEGABYTE = 1024 * 1024
/** The user AWS runs functions as. */
export const USER = 'sbx_user1051'
export const USER_ID = 1051

export const PATHS = {
  task: '/var/task',
  opt: '/opt',
  runtime: '/var/runtime',
  tmp: '/tmp',
  node: '/var/lang/bin/node',
  bin: ['/var/lang/bin'],
}
export const SDK_PATH = '/var/lang/sdk'

/** Of /etc only what programs need to find libraries, certificates, fonts, time zones. */
const ETC = [
  'alternatives',
  'ca-certificates',
  'fonts',
  'ld.so.cache',
  'ld.so.conf',
  'ld.so.conf.d',
  'localtime',
  'mime.types',
  'nsswitch.conf',
  'pki',
  'ssl',
]

export interface Tools {
  readonly bwrap: string
  readonly prlimit: string
  /** Gives up root inside; undefined when the server is not root, and a user namespace does it. */
  readonly setpriv: string | undefined
}

export function findTools(): Tools | string {
  const bwrap = findProgram('/usr/bin/bwrap', '/usr/local/bin/bwrap')
  if (bwrap === undefined) return 'bubblewrap (bwrap) is not installed'
  const prlimit = findProgram('/usr/bin/prlimit')
  if (prlimit === undefined) return 'bubblewrap needs prlimit of util-linux beside it'
  if (process.getuid?.() !== 0) return { bwrap, prlimit, setpriv: undefined }
  const setpriv = findProgram('/usr/bin/setpriv')
  return setpriv === undefined
    ? 'as root, bubblewrap needs setpriv of util-linux beside it'
    : { bwrap, prlimit, setpriv }
}

/** The same for all environments: namespaces, the machine's programs and libraries, our runtime. */
export function baseArguments(tools: Tools): string[] {
  const user =
    tools.setpriv === undefined
      ? ['--unshare-user', '--uid', String(USER_ID), '--gid', String(USER_ID)]
      : [
          '--cap-drop',
          'ALL',
          '--cap-add',
          'CAP_SETUID',
          '--cap-add',
          'CAP_SETGID',
          '--cap-add',
          'CAP_SETPCAP',
          '--cap-add',
          'CAP_SYS_RESOURCE',
        ]
  const sdk = findSdkModules()
  return [
    '--unshare-pid',
    '--unshare-net',
    '--unshare-ipc',
    '--unshare-uts',
    '--unshare-cgroup-try',
    '--die-with-parent',
    '--new-session',
    '--hostname',
    'lambda',
    ...user,
    '--ro-bind',
    '/usr',
    '/usr',
    ...['/bin', '/sbin', '/lib', '/lib32', '/lib64', '/libx32'].flatMap(machineDirectory),
    '--ro-bind-try',
    '/nix/store',
    '/nix/store',
    ...directories('/etc', '/var', '/var/lang', '/var/lang/bin'),
    ...ETC.flatMap((name) => ['--ro-bind-try', `/etc/${name}`, `/etc/${name}`]),
    '--proc',
    '/proc',
    '--dev',
    '/dev',
    '--ro-bind',
    process.execPath,
    PATHS.node,
    '--ro-bind',
    BOOTSTRAPS_PATH,
    PATHS.runtime,
    ...(sdk === undefined ? [] : [...directories(SDK_PATH), '--ro-bind', sdk, `${SDK_PATH}/node_modules`]),
  ]
}

export function lastArguments(variables: Readonly<Record<string, string>>): string[] {
  return [
    '--remount-ro',
    '/',
    '--chdir',
    PATHS.task,
    '--clearenv',
    ...Object.entries(variables).flatMap(([name, value]) => ['--setenv', name, value]),
    '--setenv',
    'NODE_CHANNEL_FD',
    String(HANDOVER_FD),
    '--setenv',
    'NODE_CHANNEL_SERIALIZATION_MODE',
    'json',
  ]
}

/** Inside the namespaces: limits, then root is given up for good. */
export function innerPrefix(tools: Tools, userId: number, ephemeralStorageMb: number): string[] {
  const limits = [
    tools.prlimit,
    `--nofile=${FILES_MAX}`,
    `--nproc=${PROCESSES_MAX}`,
    `--fsize=${ephemeralStorageMb * MEGABYTE}`,
    '--core=0',
  ]
  if (tools.setpriv === undefined) return limits
  return [
    ...limits,
    tools.setpriv,
    `--reuid=${userId}`,
    `--regid=${userId}`,
    '--clear-groups',
    '--bounding-set=-all',
    '--inh-caps=-all',
    '--',
  ]
}

/** On a merged /usr these are links, which must stay links. */
function machineDirectory(path: string): string[] {
  const stat = lstatSync(path, { throwIfNoEntry: false })
  if (stat === undefined) return []
  return stat.isSymbolicLink() ? ['--symlink', readlinkSync(path), path] : ['--ro-bind', path, path]
}

/** bwrap would make them for root alone. */
export function directories(...paths: string[]): string[] {
  return paths.flatMap((path) => ['--perms', '0755', '--dir', path])
}

export function parents(path: string): string[] {
  const names = path.split('/').filter(Boolean)
  return names.slice(0, -1).map((_, at) => `/${names.slice(0, at + 1).join('/')}`)
}
