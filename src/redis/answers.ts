import { randomUUID } from 'node:crypto';
import { Redis } from 'ioredis';
import type { Log } from '../log.js';
import type { OutcomeAnswer } from '../market/model/lead.js';
import { openRedis } from './openRedis.js';

/** Sends the outcome of a lead's first round to the API process whose source waits for it. */
export interface Announcer {
  /**
   * Never throws, and waits for nothing: an outcome that does not arrive is read from the lead.
   * @param answerTo the id of that process; absent if no other process than this one can be waiting
   */
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
  /** Calls this function with each lead whose outcome arrives, however late. */
  onAnswer(listener: (leadId: string) => void): void;
}

const channelOf = (id: string): string => `gavel:answers:${id}`;

interface Message {
  leadId: string;
  outcome: OutcomeAnswer;
}

/** For a process that only runs a worker. */
export async function openAnnouncer(url: string, log: Log): Promise<Announcer> {
  const redis = await openRedis(url, log, 'sources are answered from the database when their time is over');
  return {
    announce: (leadId, answerTo, outcome) => {
      if (answerTo === undefined) return;
      const message: Message = { leadId, outcome };
      redis.publish(channelOf(answerTo), JSON.stringify(message)).catch(() => undefined);
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
  const receiver = await openReceiver(url, channelOf(id), ({ leadId, outcome }) => arrived(leadId, outcome));
  const waiting = new Map<string, (outcome: OutcomeAnswer | undefined) => void>();
  const listeners: ((leadId: string) => void)[] = [];

  function arrived(leadId: string, outcome: OutcomeAnswer): void {
    waiting.get(leadId)?.(outcome);
    for (const listener of listeners) listener(leadId);
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
    onAnswer: (listener) => void listeners.push(listener),
    announce: (leadId, answerTo, outcome) => {
      if (answerTo === id || waiting.has(leadId)) arrived(leadId, outcome);
      else others.announce(leadId, answerTo, outcome);
    },
    close: () => {
      receiver.close();
      others.close();
    },
  };
}
