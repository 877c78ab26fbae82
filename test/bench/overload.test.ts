import { describe, expect, test } from 'vitest';
import { overloadReport, type Overload } from './overloadReport.js';
import type { Reply } from './source.js';

const sold = (ms: number): Reply => ({
  status: 200,
  text: '',
  sentAt: 0,
  ms,
  leadId: 'lead',
  sold: true,
  price: 24,
});
const pending: Reply = { status: 200, text: '', sentAt: 0, ms: 1500, leadId: 'lead', sold: false };
const refused: Reply = { status: 503, text: '', sentAt: 0, ms: 2 };
const times = <T>(count: number, one: T): T[] => Array.from({ length: count }, () => one);

/** Ten seconds at three times the capacity, with all aims met. */
const WELL: Overload = {
  capacity: 10,
  answerWindowMs: 3000,
  seconds: 10,
  flood: [...times(80, sold(900)), ...times(200, pending)],
  alone: times(20, sold(60)),
  beside: times(20, sold(100)),
  meanwhile: times(20, sold(150)),
  samples: [120, 150, 200, 200, 200, 200, 210, 200].map((mb, i) => ({ ms: i * 1000, mb, handles: 50 })),
  normalAfterS: 2,
  settledAfterS: 5,
  kept: {
    ...{ stored: 120, sold: 120 },
    ...{ lost: 0, unheard: 0, open: 0, soldTwice: 0, untrue: 0, differences: 0 },
  },
};

describe('The report of a flood', () => {
  test('shows figures, and meets every aim if all is well', () => {
    const report = overloadReport(WELL);
    expect(report.flood).toMatchObject({
      sent_per_second: 30,
      taken_per_second: 30,
      sold_per_second: 10,
      refused: 0,
      otherwise: 0,
      taken: { p50_ms: 1500, p99_ms: 1500 },
      sold: { p50_ms: 900, p99_ms: 900 },
    });
    expect(report.other_seller.meanwhile.p50_ms).toBe(150);
    expect(report.memory_mb).toMatchObject({ start: 120, highest: 210, end: 200 });
    expect(report.aims.filter(({ met }) => !met)).toEqual([]);
  });

  test('shows a steady rise of memory as a slope', () => {
    const samples = Array.from({ length: 60 }, (_, i) => ({ ms: i * 1000, mb: 100 + i, handles: 50 }));
    expect(overloadReport({ ...WELL, samples }).memory_mb?.per_minute).toBeCloseTo(60);
  });

  test.each<[string, Partial<Overload>]>([
    ['leads/s sold at once in the flood, to those before', { flood: times(280, pending) }],
    ['p99 of taken leads, s', { flood: times(100, sold(4001)) }],
    ['leads refused, or answered otherwise', { flood: [...WELL.flood, refused] }],
    [
      'leads refused, or answered otherwise',
      { flood: [...WELL.flood, { status: 0, text: 'reset', sentAt: 0, ms: 1 }] },
    ],
    ['another seller’s p50 in the flood, to its p50 before it', { meanwhile: times(20, sold(201)) }],
    ['another seller’s p50 in the flood, to its p50 before it', { meanwhile: times(20, pending) }],
    [
      'Gavel’s memory in the flood’s last quarter, to its second',
      { samples: [100, 100, 100, 100, 100, 100, 130, 130].map((mb, ms) => ({ ms, mb, handles: 50 })) },
    ],
    ['back to normal after the flood, s', { normalAfterS: 31 }],
    ...(['lost', 'unheard', 'open', 'untrue'] as const).map((what): [string, Partial<Overload>] => [
      'leads lost, stored without an answer, not ended, or not as answered',
      { kept: { ...WELL.kept, [what]: 1 } },
    ]),
    ...(['soldTwice', 'differences'] as const).map((what): [string, Partial<Overload>] => [
      'leads sold twice, differences in the books',
      { kept: { ...WELL.kept, [what]: 1 } },
    ]),
  ])('%s: not met if violated', (aim, seen) => {
    const unmet = overloadReport({ ...WELL, ...seen }).aims.filter(({ met }) => !met);
    expect(unmet.map((one) => one.aim)).toEqual([aim]);
  });
});
