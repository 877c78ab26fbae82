import { Redis } from 'ioredis';
import type { Log } from '../../log.js';

/** Clients that Redis refuses, and why. */
const refused = new WeakMap<Redis, string>();

/** Why Redis refuses this client, if it does: commands then fail as if it were away. */
export const connectionRefusal = (redis: Redis): string | undefined => refused.get(redis);

/**
 * A client for counting requests, for which Redis is a help and no condition: a command that can't be sent now, or is
 * not answered at once, fails, and the process counts for itself. Connects again by itself whenever Redis is back.
 */
export async function openRedis(url: string, log: Log): Promise<Redis> {
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
    if (isUp !== false)
      log.warn({ event: 'redis_away', why, means: 'each process counts requests for itself' });
    isUp = false;
    if (/^(WRONGPASS|NOAUTH)\b/.test(why)) refused.set(redis, 'the password is refused');
    // It does not answer at all now; the error after a refusal says only that the connection was closed.
    else if (error !== undefined && 'syscall' in error) refused.delete(redis);
  };
  redis.on('ready', up);
  redis.on('error', away);
  redis.on('close', away);
  // The first requests are counted too when Redis is up; when it is not, the client goes on trying.
  await redis.connect().catch(away);
  return redis;
}
