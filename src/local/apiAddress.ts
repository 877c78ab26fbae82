import { pickSettings } from '../config.js';
import { LocalStackError } from './processes/localStackError.js';
import { choosePorts, isFree } from './servers/ports.js';

export interface ApiAddress {
  port: number;
  /** Where programs on this machine reach it. */
  url: string;
}

/** Which of the two APIs, by the settings of its address; the name is the one under which its port is remembered. */
const APIS = {
  api: { host: 'HOST', port: 'PORT' },
  admin: { host: 'ADMIN_HOST', port: 'ADMIN_PORT' },
} as const;

/**
 * The address of one of the stack's APIs: the port of its setting if that is given, else its default or any free port.
 * @throws LocalStackError when the port that was asked for is taken
 */
export async function chooseApiAddress(
  dir: string,
  env: NodeJS.ProcessEnv,
  api: keyof typeof APIS = 'api',
): Promise<ApiAddress> {
  const names = APIS[api];
  const { [names.port]: wish, [names.host]: host } = pickSettings([names.port, names.host], env, {});
  const isGiven = (env[names.port] ?? '') !== '' && wish !== 0;
  if (isGiven && !(await isFree(wish))) {
    throw new LocalStackError(
      `${names.port} ${wish} is taken by another program. End that one, or set ${names.port} to another; unset, a free one is taken.`,
    );
  }
  const port = isGiven ? wish : (await choosePorts(dir, [api], { [api]: wish || undefined }))[api];
  const reachable = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host;
  return { port, url: `http://${reachable.includes(':') ? `[${reachable}]` : reachable}:${port}` };
}
