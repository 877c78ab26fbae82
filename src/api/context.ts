import type { Redis } from 'ioredis';
import type { OutletSettings } from '../buyers/outlets/outlets.js';
import type { Settings } from '../config.js';
import type { Log } from '../log.js';
import type { Database } from '../store/db.js';
import type { NewLeads } from '../store/leads/newLeads.js';
import type { Answers } from '../redis/answers.js';
import type { LeadStarter } from '../temporal/leadStarter.js';
import type { ReadCache } from './readCache.js';
import type { RateLimits } from './http/rateLimits.js';

export interface ApiContext {
  settings: Pick<
    Settings,
    | 'ANSWER_WINDOW_MS'
    | 'RATE_LIMIT_PER_MINUTE'
    | 'MAX_CONNECTIONS'
    | 'KEEP_ALIVE_MS'
    | 'PUBLIC_URL'
    | 'PORT'
    | 'TRUST_PROXY'
    | 'RETENTION_DAYS'
    | 'TEMPORAL_NAMESPACE'
    | 'TEMPORAL_UI_URL'
  > &
    OutletSettings;
  database: Database;
  redis: Redis;
  starter: LeadStarter;
  log: Log;
  /** Whether the process is shutting down; it still accepts leads for STOP_DELAY_MS. */
  isStopping?: () => boolean;
}

export interface LeadApiContext extends ApiContext {
  answers: Answers;
  /** Of the worker in this process, if there is one. */
  newLeads?: NewLeads;
}

export interface RouteContext<Context extends ApiContext = ApiContext> {
  context: Context;
  cache: ReadCache;
  limits: RateLimits;
}
