import { Redis } from 'ioredis';
import type { Log } from '../log.js';

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
  const turn = (up: boolean): void => {
    if (isUp === up) return;
    isUp = up;
    if (up) log.info({ event: 'redis_up' });
    else log.warn({ event: 'redis_away', means: 'each process counts requests for itself' });
  };
  redis.on('ready', () => turn(true));
  redis.on('error', () => turn(false));
  redis.on('close', () => turn(false));
  // The first requests are counted too where Redis is up; where it is not, the client goes on trying.
  await redis.connect().catch(() => turn(false));
  return redis;
}
