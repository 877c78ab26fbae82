import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createBacklog, type Backlog } from '../../../src/api/leads/backlog.js';

const WINDOW_MS = 3000;

let backlog: Backlog;
let sent = 0;
beforeEach(() => {
  vi.useFakeTimers({ now: 1_000_000 });
  backlog = createBacklog(WINDOW_MS);
});
afterEach(() => {
  vi.useRealTimers();
});

/** Leads of a seller arrive; their ids. */
const arrive = (count: number, seller = 'ACME1234'): string[] =>
  Array.from({ length: count }, () => {
    const leadId = `lead-${(sent += 1)}`;
    backlog.waits({ leadId, seller }, Date.now() + WINDOW_MS);
    return leadId;
  });
const start = (leads: string[]): void => leads.forEach((leadId) => backlog.started(leadId));
const isInTime = (seller = 'ACME1234', withinMs = WINDOW_MS): boolean => backlog.isInTime(seller, withinMs);

describe('a lead is expected in time', () => {
  it('if no source waits, whatever was sold before', () => {
    start(arrive(1));
    vi.advanceTimersByTime(WINDOW_MS);
    expect(isInTime()).toBe(true);
  });

  it('at the start of a burst, when no rate is known yet', () => {
    arrive(200);
    expect(isInTime()).toBe(true);
  });

  it('while workers have free slots, however slow its buyers are', () => {
    for (let ms = 0; ms < 2 * WINDOW_MS; ms += 100) {
      const leads = arrive(5);
      vi.advanceTimersByTime(40);
      start(leads);
      vi.advanceTimersByTime(60);
      expect(isInTime()).toBe(true);
    }
  });

  it('while workers take leads fast enough', () => {
    const leads = arrive(20);
    vi.advanceTimersByTime(1000);
    start(leads.slice(0, 15));
    // Fifteen a second, and five are waiting.
    expect(isInTime()).toBe(true);
  });
});

describe('a lead is not expected in time', () => {
  it('if the leads before it need more than a quarter of its time', () => {
    const leads = arrive(30);
    vi.advanceTimersByTime(1000);
    start(leads.slice(0, 10));
    // Two seconds.
    expect(isInTime()).toBe(false);
    expect(isInTime('ACME1234', 8000)).toBe(true);
  });

  it('if no lead was started for half a second: Temporal or all workers are away', () => {
    arrive(1);
    vi.advanceTimersByTime(499);
    expect(isInTime()).toBe(true);
    vi.advanceTimersByTime(1);
    expect(isInTime()).toBe(false);
  });
});

it('a lead waits for as many leads of each other seller as of its own', () => {
  const leads = arrive(40, 'FLOOD000');
  vi.advanceTimersByTime(1000);
  start(leads.slice(0, 10));
  expect(isInTime('FLOOD000')).toBe(false);
  expect(isInTime('ACME1234')).toBe(true);
  arrive(8);
  // 16 before it at ten a second.
  expect(isInTime('ACME1234')).toBe(false);
});

it('a late lead keeps its place in the queue, before later ones', () => {
  const leads = arrive(50);
  vi.advanceTimersByTime(1000);
  start(leads.slice(0, 10));
  vi.advanceTimersByTime(2500);
  start(leads.slice(10, 20));
  // 30 late ones are before it.
  expect(isInTime()).toBe(false);
  start(leads.slice(20, 45));
  expect(isInTime()).toBe(true);
});

it('a late lead keeps its place in the queue, too, if a worker took the last one shortly before it came', () => {
  start(arrive(1));
  vi.advanceTimersByTime(100);
  backlog.waits({ leadId: 'impatient', seller: 'ACME1234' }, Date.now() + 500);
  vi.advanceTimersByTime(600);
  expect(isInTime()).toBe(false);
});

it('a lead that has not started within two answer windows no longer counts', () => {
  const leads = arrive(50);
  vi.advanceTimersByTime(1000);
  start(leads.slice(0, 10));
  vi.advanceTimersByTime(2 * WINDOW_MS - 1001);
  expect(isInTime()).toBe(false);
  vi.advanceTimersByTime(1);
  expect(isInTime()).toBe(true);
});

it('a lead whose time is over no longer counts if no worker takes leads', () => {
  arrive(50);
  vi.advanceTimersByTime(1000);
  expect(isInTime()).toBe(false);
  vi.advanceTimersByTime(2000);
  expect(isInTime()).toBe(true);
});

it('the rate is that of the last answer window', () => {
  const leads = arrive(60);
  start(leads.slice(0, 30));
  vi.advanceTimersByTime(2900);
  start(arrive(1));
  expect(isInTime()).toBe(false);
  arrive(30);
  vi.advanceTimersByTime(2 * WINDOW_MS);
  // None of those is left, and none was started since.
  arrive(1);
  expect(isInTime()).toBe(true);
});
