import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { reportStarting } from '../../src/terminal/progress.js';
import { showProgress } from '../../src/terminal/showProgress.js';

describe('The progress of a start', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  /** The output without a terminal. */
  function written(clock: boolean) {
    const stream = new PassThrough() as unknown as NodeJS.WriteStream;
    const shown = showProgress(stream, { clock });
    const lines = (): string[] =>
      String(stream.read() ?? '')
        .split('\n')
        .slice(0, -1);
    return { ...shown, lines };
  }

  it('is never silent for more than three seconds, and shows the elapsed time', () => {
    const { progress, done, lines } = written(true);
    progress('Starting Redis');
    vi.advanceTimersByTime(7000);
    expect(lines()).toEqual(['Starting Redis …', 'Starting Redis (3 s) …', 'Starting Redis (6 s) …']);
    done();
    vi.advanceTimersByTime(7000);
    expect(lines()).toEqual([]);
  });

  it('is one line per event without a clock', () => {
    const { progress, lines } = written(false);
    progress('Starting Redis');
    progress('Starting Redis');
    vi.advanceTimersByTime(7000);
    expect(lines()).toEqual(['Starting Redis …']);
  });

  it('removes each process from the list when it is ready', async () => {
    const said: string[] = [];
    const started = reportStarting((text) => said.push(text), ['buyers', 'worker', 'API']);
    expect(await started('worker', Promise.resolve(7))).toBe(7);
    await started('buyers', Promise.resolve());
    await started('API', Promise.resolve());
    expect(said).toEqual(['Starting buyers, worker and API', 'Starting buyers and API', 'Starting API']);
  });
});
