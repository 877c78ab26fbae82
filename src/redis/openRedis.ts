import { Redis } from 'ioredis';
import type { Log } from '../log.js';

const refused = new WeakMap<Redis, string>();

/** Why Redis rejects this client, if it does. Commands fail then as if Redis were down. */
export const connectionRefusal = (redis: Redis): string | undefined => refused.get(redis);

/**
 * A client for what works without Redis, too: a command that can't be sent now, or times out, fails. The client reconnects
 * automatically.
 * @param means what the process does while Redis is down, for the log
 */
export async function openRedis(
  url: string,
  log: Log,
  means = 'each process counts requests for itself, and answers from other processes are late',
): Promise<Redis> {
  const redis = new Redis(url, {
    lazyConnect: true,
    connectTimeout: 1000,
    commandTimeout: 250,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    retryStrategy: (times) => Math.min(times * 100, 1000),
  });
  let isUp: boolean | undefined;
  const up = (): void => {
    if (isUp !== true) log.info({ event: 'redis_up' });
    isUp = true;
    refused.delete(redis);
  };
  const away = (error?: Error): void => {
    const why = error?.message ?? 'the connection was closed';
    if (isUp !== false) log.warn({ event: 'redis_away', why, means });
    isUp = false;
    if (/^(WRONGPASS|NOAUTH)\b/.test(why)) refused.set(redis, 'the password is refused');
    // Redis is down now. The error after a rejection says only that the connection was closed.
    else if (error !== undefined && 'syscall' in error) refused.delete(redis);
  };
  redis.on('ready', up);
  redis.on('error', away);
  redis.on('close', away);
  // Connected before the first request, so that it is counted too. If Redis is down, the client keeps trying.
  await redis.connect().catch(away);
  return redis;
}
