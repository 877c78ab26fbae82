import { pickSettings } from '../config.js';
import { LocalStackError } from './localStackError.js';
import { choosePorts, isFree } from './ports.js';

export interface ApiAddress {
  port: number;
  /** Where programs on this machine reach it. */
  url: string;
}

/**
 * Where the stack's API will listen: at `PORT` where that is given, else at its default or any free port.
 * @throws LocalStackError when the port that was asked for is taken
 */
export async function chooseApiAddress(dir: string, env: NodeJS.ProcessEnv): Promise<ApiAddress> {
  const { PORT: wish, HOST: host } = pickSettings(['PORT', 'HOST'], env, {});
  const isGiven = (env.PORT ?? '') !== '' && wish !== 0;
  if (isGiven && !(await isFree(wish))) {
    throw new LocalStackError(
      `PORT ${wish} is taken by another program. End that one, or set PORT to another; unset, a free one is taken.`,
    );
  }
  const port = isGiven ? wish : (await choosePorts(dir, ['api'], { api: wish || undefined })).api;
  const reachable = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host;
  return { port, url: `http://${reachable.includes(':') ? `[${reachable}]` : reachable}:${port}` };
}
