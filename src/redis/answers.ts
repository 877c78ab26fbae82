import { randomUUID } from 'node:crypto';
import { Redis } from 'ioredis';
import type { Log } from '../log.js';
import type { OutcomeAnswer } from '../market/model/lead.js';
import { openRedis } from './openRedis.js';

/**
 * Tells the API process whose source waits for a lead that a worker has started with it, and its outcome. Never throws, and
 * waits for nothing: an outcome that does not arrive is read from the lead.
 */
export interface Announcer {
  started(leadId: string, answerTo: string): void;
  /** @param answerTo the id of that process; absent if no other process than this one can be waiting */
  announce(leadId: string, answerTo: string | undefined, outcome: OutcomeAnswer): void;
  close(): void;
}

/** An announcer that also receives: from this process directly, from others over Redis. */
export interface Answers extends Announcer {
  /** Under which other processes reach this one. */
  id: string;
  /**
   * The outcome of a lead, as soon as it is announced; undefined if it is not by then. Call it before the lead's workflow
   * is started.
   * @param until UTC ms
   */
  waitFor(leadId: string, until: number): Promise<OutcomeAnswer | undefined>;
  /** Calls this function with each lead of this process that a worker begins with, however late. */
  onStarted(listener: (leadId: string) => void): void;
}

const channelOf = (id: string): string => `gavel:answers:${id}`;

interface Message {
  leadId: string;
  /** Absent if a worker has started with the lead. */
  outcome?: OutcomeAnswer;
}

/** For a process that only runs a worker. */
export async function openAnnouncer(url: string, log: Log): Promise<Announcer> {
  const redis = await openRedis(url, log, 'sources are answered from the database when their time is over');
  const publish = (answerTo: string, message: Message): void =>
    void redis.publish(channelOf(answerTo), JSON.stringify(message)).catch(() => undefined);
  return {
    started: (leadId, answerTo) => publish(answerTo, { leadId }),
    announce: (leadId, answerTo, outcome) => {
      if (answerTo !== undefined) publish(answerTo, { leadId, outcome });
    },
    close: () => {
      // A planned close is not logged as an outage.
      redis.removeAllListeners('close');
      redis.disconnect();
    },
  };
}

/** Receives messages whenever Redis is up. Its connection does nothing else: Redis allows no other commands on it. */
async function openReceiver(
  url: string,
  channel: string,
  receive: (message: Message) => void,
): Promise<{ close(): void }> {
  const redis = new Redis(url, {
    lazyConnect: true,
    connectTimeout: 1000,
    enableOfflineQueue: false,
    autoResubscribe: false,
    maxRetriesPerRequest: 0,
    retryStrategy: (times) => Math.min(times * 100, 1000),
  });
  // The announcer logs whether Redis is up.
  redis.on('error', () => undefined);
  const subscribe = async (): Promise<void> => {
    await redis.subscribe(channel).catch(() => undefined);
  };
  redis.on('message', (_channel, text: string) => receive(JSON.parse(text) as Message));
  await redis.connect().then(subscribe, () => undefined);
  // Only later connections: the first one is subscribed when this function returns.
  redis.on('ready', () => void subscribe());
  return { close: () => redis.disconnect() };
}

export async function openAnswers(url: string, log: Log): Promise<Answers> {
  const id = randomUUID();
  const others = await openAnnouncer(url, log);
  const receiver = await openReceiver(url, channelOf(id), arrived);
  const waiting = new Map<string, (outcome: OutcomeAnswer | undefined) => void>();
  const listeners: ((leadId: string) => void)[] = [];

  function arrived({ leadId, outcome }: Message): void {
    if (outcome !== undefined) waiting.get(leadId)?.(outcome);
    else for (const listener of listeners) listener(leadId);
  }

  return {
    id,
    waitFor: (leadId, until) =>
      new Promise((resolve) => {
        const settle = (outcome: OutcomeAnswer | undefined): void => {
          clearTimeout(timer);
          waiting.delete(leadId);
          resolve(outcome);
        };
        const timer = setTimeout(settle, Math.max(0, until - Date.now()), undefined);
        waiting.set(leadId, settle);
      }),
    onStarted: (listener) => void listeners.push(listener),
    started: (leadId, answerTo) => {
      if (answerTo === id) arrived({ leadId });
      else others.started(leadId, answerTo);
    },
    announce: (leadId, answerTo, outcome) => {
      if (answerTo === id || waiting.has(leadId)) arrived({ leadId, outcome });
      else others.announce(leadId, answerTo, outcome);
    },
    close: () => {
      receiver.close();
      others.close();
    },
  };
}
