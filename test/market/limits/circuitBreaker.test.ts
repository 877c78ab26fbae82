import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  afterAnswer,
  BREAKER,
  circuitId,
  buyerCircuit,
  retryBuyerAt,
  CLOSED_CIRCUIT,
  circuitState,
  takeProbe,
  circuitReports,
  warningAfter,
  type Circuit,
  type Failure,
} from '../../../src/market/limits/circuitBreaker.js';

const SECOND = 1000;
const FAILED: Failure = { reason: 'invalid_response', detail: 'not JSON' };

/** The circuit after this number of failures in a row at `now`. */
function failing(times: number, now = 0, circuit: Circuit = CLOSED_CIRCUIT): Circuit {
  return Array.from({ length: times }).reduce<Circuit>((so) => afterAnswer(so, FAILED, now), circuit);
}

/** The circuit after a probe at `now` that succeeded or failed. */
function tried(circuit: Circuit, ok: boolean, now: number): Circuit {
  const probing = takeProbe(circuit, now);
  if (!probing) throw new Error('Nobody may try now');
  return afterAnswer(probing, ok ? undefined : FAILED, now);
}

describe('A circuit', () => {
  test('stays closed until ten failures in a row', () => {
    expect(circuitState(failing(9), 0)).toBe('closed');
    expect(circuitState(failing(10), 0)).toBe('open');
    const between = afterAnswer(failing(9), undefined, 0);
    expect(circuitState(failing(9, 0, between), 0)).toBe('closed');
  });

  test('is open for half a minute and then lets one probe through', () => {
    const open = failing(10);
    expect(takeProbe(open, 30 * SECOND - 1)).toBeUndefined();
    expect(circuitState(open, 30 * SECOND)).toBe('half_open');
    const probing = takeProbe(open, 30 * SECOND) ?? CLOSED_CIRCUIT;
    expect(circuitState(probing, 30 * SECOND)).toBe('open');
    expect(takeProbe(probing, 31 * SECOND)).toBeUndefined();
  });

  test('lets another probe through if the first one never reports a result', () => {
    const probing = takeProbe(failing(10), 30 * SECOND) ?? CLOSED_CIRCUIT;
    expect(circuitState(probing, 60 * SECOND)).toBe('half_open');
    expect(takeProbe(probing, 60 * SECOND)).toMatchObject({ probeUntil: 90 * SECOND });
  });

  test('closes when a probe succeeds', () => {
    expect(tried(failing(10), true, 30 * SECOND)).toEqual(CLOSED_CIRCUIT);
  });

  test('doubles its pause after each failed probe, up to ten minutes', () => {
    const waits: number[] = [];
    let circuit = failing(10);
    for (let now = 0; waits.length < 7;) {
      waits.push(((circuit.until ?? NaN) - now) / SECOND);
      now = circuit.until ?? NaN;
      circuit = tried(circuit, false, now);
    }
    expect(waits).toEqual([30, 60, 120, 240, 480, 600, 600]);
    expect(circuit.openedAt).toBe(0);
  });

  test('ignores late answers while it is open', () => {
    const open = failing(10);
    expect(afterAnswer(open, FAILED, 5 * SECOND)).toBe(open);
    expect(afterAnswer(open, undefined, 5 * SECOND)).toBe(open);
  });

  test('starts again with the shortest pause after it was closed', () => {
    const again = failing(10, 100 * SECOND, tried(failing(10), true, 30 * SECOND));
    expect(again).toMatchObject({ openedAt: 100 * SECOND, until: 130 * SECOND, opens: 1 });
  });
});

test.each([
  ['neither', 0, 0, 0, { circuit: 'closed', failing: [] }],
  ['pings', 10, 9, 0, { circuit: 'open', failing: ['pings'] }],
  ['posts', 9, 10, 0, { circuit: 'open', failing: ['posts'] }],
  ['posts', 0, 10, 30, { circuit: 'half_open', failing: ['posts'] }],
  ['both', 10, 10, 30, { circuit: 'half_open', failing: ['pings', 'posts'] }],
  ['both', 10, 11, 0, { circuit: 'open', failing: ['pings', 'posts'] }],
])('The circuit of a buyer combines its pings and posts: %s', (_, pings, posts, seconds, expected) => {
  const circuits = new Map([
    [circuitId('northwind', 'pings'), failing(pings)],
    [circuitId('northwind', 'posts'), failing(posts)],
    [circuitId('fabrikam', 'posts'), failing(10)],
  ]);
  expect(buyerCircuit(circuits, 'northwind', seconds * SECOND)).toEqual(expected);
});

test('Ops are warned once at half of the failures, and each time the circuit opens', () => {
  const warnings: (string | undefined)[] = [];
  let circuit = CLOSED_CIRCUIT;
  for (let i = 0; i < 10; i += 1) {
    const next = afterAnswer(circuit, FAILED, 0);
    warnings.push(warningAfter(circuit, next));
    circuit = next;
  }
  expect(warnings.map((warning, i) => warning && [i + 1, warning]).filter(Boolean)).toEqual([
    [5, 'failing'],
    [10, 'opened'],
  ]);
  const probing = takeProbe(circuit, 30 * SECOND) ?? CLOSED_CIRCUIT;
  expect(warningAfter(circuit, probing)).toBeUndefined();
  expect(warningAfter(probing, afterAnswer(probing, FAILED, 30 * SECOND))).toBe('opened');
  expect(warningAfter(probing, afterAnswer(probing, undefined, 30 * SECOND))).toBeUndefined();
});

test('Ops see for pings and posts the failures, the last error and the end of the pause', () => {
  const circuits = new Map([
    [circuitId('northwind', 'pings'), failing(3)],
    [circuitId('northwind', 'posts'), failing(10)],
  ]);
  expect(circuitReports(circuits, 'northwind', 0)).toEqual([
    { of: 'pings', state: 'closed', failures: 3, until: undefined, last: FAILED },
    { of: 'posts', state: 'open', failures: 10, until: 30 * SECOND, last: FAILED },
  ]);
  expect(circuitReports(circuits, 'northwind', 31 * SECOND)).toMatchObject([
    { of: 'pings', state: 'closed', until: undefined },
    { of: 'posts', state: 'half_open', failures: 10, until: undefined },
  ]);
  expect(circuitReports(circuits, 'fabrikam', 0)).toEqual([]);
});

test('A lead that skipped a failing buyer comes back after the pause, spread over as long as the outage has lasted', () => {
  expect(retryBuyerAt(failing(9), 0, 0)).toBeUndefined();
  const open = failing(10);
  expect([0, 0.5].map((share) => retryBuyerAt(open, share, SECOND))).toEqual([30 * SECOND, 60 * SECOND]);
  const hour = 3600 * SECOND;
  const long = { ...open, until: hour + 5 * SECOND };
  expect([0, 0.5].map((share) => retryBuyerAt(long, share, hour))).toEqual([
    long.until,
    long.until + hour / 2,
  ]);
  // A probe is in progress: the others come after it.
  const tried = { ...long, until: hour - SECOND, probeUntil: hour + 30 * SECOND };
  expect(retryBuyerAt(tried, 0, hour)).toBe(hour + 30 * SECOND);
  expect(retryBuyerAt({ ...long, until: hour - SECOND }, 0, hour)).toBe(hour);
});

test('For any answers at any times, an open circuit has one probe at a time, and one successful probe closes it', () => {
  const step = fc.record({ wait: fc.nat(60_000), ok: fc.boolean() });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      let circuit = failing(10);
      let now = 0;
      for (const { wait, ok } of steps) {
        now += wait;
        const before = circuitState(circuit, now);
        const probing = takeProbe(circuit, now);
        assert.equal(probing !== undefined, before === 'half_open');
        if (probing) assert.equal(takeProbe(probing, now), undefined);
        circuit = afterAnswer(probing ?? circuit, ok ? undefined : FAILED, now);
        if (before === 'half_open') assert.equal(circuitState(circuit, now), ok ? 'closed' : 'open');
        if (before === 'open') assert.equal(circuitState(circuit, now), 'open');
        assert((circuit.until ?? now) - now <= BREAKER.atMost);
      }
    }),
    { numRuns: 2000 },
  );
});
