import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  afterAnswer,
  BREAKER,
  circuitId,
  circuitOf,
  comeBackAt,
  CLOSED,
  stateOf,
  takeProbe,
  troublesOf,
  warningAfter,
  type Circuit,
  type Failure,
} from '../../src/market/breaker.js';

const SECOND = 1000;
const FAILED: Failure = { reason: 'invalid_response', detail: 'not JSON' };

/** The circuit of a buyer that fails so often in a row at `now`. */
function failing(times: number, now = 0, circuit: Circuit = CLOSED): Circuit {
  return Array.from({ length: times }).reduce<Circuit>((so) => afterAnswer(so, FAILED, now), circuit);
}

/** The circuit after one has tried at `now`, and the buyer has answered or not. */
function tried(circuit: Circuit, ok: boolean, now: number): Circuit {
  const probing = takeProbe(circuit, now);
  if (!probing) throw new Error('Nobody may try now');
  return afterAnswer(probing, ok ? undefined : FAILED, now);
}

describe('A buyer', () => {
  test('is asked until it has failed ten times in a row', () => {
    expect(stateOf(failing(9), 0)).toBe('closed');
    expect(stateOf(failing(10), 0)).toBe('open');
    const between = afterAnswer(failing(9), undefined, 0);
    expect(stateOf(failing(9, 0, between), 0)).toBe('closed');
  });

  test('is left out for half a minute, and then tried by one', () => {
    const open = failing(10);
    expect(takeProbe(open, 30 * SECOND - 1)).toBeUndefined();
    expect(stateOf(open, 30 * SECOND)).toBe('half_open');
    const probing = takeProbe(open, 30 * SECOND) ?? CLOSED;
    expect(stateOf(probing, 30 * SECOND)).toBe('open');
    expect(takeProbe(probing, 31 * SECOND)).toBeUndefined();
  });

  test('is tried by another where nothing is heard of the one that tried', () => {
    const probing = takeProbe(failing(10), 30 * SECOND) ?? CLOSED;
    expect(stateOf(probing, 60 * SECOND)).toBe('half_open');
    expect(takeProbe(probing, 60 * SECOND)).toMatchObject({ probeUntil: 90 * SECOND });
  });

  test('is let back in when it answers', () => {
    expect(tried(failing(10), true, 30 * SECOND)).toEqual(CLOSED);
  });

  test('is left out twice as long each time that it fails again, ten minutes at the most', () => {
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

  test('is left out no longer and no shorter for answers that come late', () => {
    const open = failing(10);
    expect(afterAnswer(open, FAILED, 5 * SECOND)).toBe(open);
    expect(afterAnswer(open, undefined, 5 * SECOND)).toBe(open);
  });

  test('is left out again from the start once it was let back in', () => {
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
])('A buyer is known by what of it fails: %s', (_, pings, posts, seconds, expected) => {
  const circuits = new Map([
    [circuitId('northwind', 'pings'), failing(pings)],
    [circuitId('northwind', 'posts'), failing(posts)],
    [circuitId('fabrikam', 'posts'), failing(10)],
  ]);
  expect(circuitOf(circuits, 'northwind', seconds * SECOND)).toEqual(expected);
});

test('Ops are warned of a buyer once when half of the failures are reached, and each time that it is left out', () => {
  const warnings: (string | undefined)[] = [];
  let circuit = CLOSED;
  for (let i = 0; i < 10; i += 1) {
    const next = afterAnswer(circuit, FAILED, 0);
    warnings.push(warningAfter(circuit, next));
    circuit = next;
  }
  expect(warnings.map((warning, i) => warning && [i + 1, warning]).filter(Boolean)).toEqual([
    [5, 'failing'],
    [10, 'opened'],
  ]);
  const probing = takeProbe(circuit, 30 * SECOND) ?? CLOSED;
  expect(warningAfter(circuit, probing)).toBeUndefined();
  expect(warningAfter(probing, afterAnswer(probing, FAILED, 30 * SECOND))).toBe('opened');
  expect(warningAfter(probing, afterAnswer(probing, undefined, 30 * SECOND))).toBeUndefined();
});

test('Ops see what of a buyer fails, how often, why and until when it is left out', () => {
  const circuits = new Map([
    [circuitId('northwind', 'pings'), failing(3)],
    [circuitId('northwind', 'posts'), failing(10)],
  ]);
  expect(troublesOf(circuits, 'northwind', 0)).toEqual([
    { of: 'pings', state: 'closed', failures: 3, until: undefined, last: FAILED },
    { of: 'posts', state: 'open', failures: 10, until: 30 * SECOND, last: FAILED },
  ]);
  expect(troublesOf(circuits, 'fabrikam', 0)).toEqual([]);
});

test('A lead that a failing buyer is left out for comes back after its pause, within as long a time as it has failed so far', () => {
  expect(comeBackAt(failing(9), 0, 0)).toBeUndefined();
  const open = failing(10);
  expect([0, 0.5].map((share) => comeBackAt(open, share, SECOND))).toEqual([30 * SECOND, 60 * SECOND]);
  const hour = 3600 * SECOND;
  const long = { ...open, until: hour + 5 * SECOND };
  expect([0, 0.5].map((share) => comeBackAt(long, share, hour))).toEqual([long.until, long.until + hour / 2]);
  // One tries it: the others come when that is over.
  const tried = { ...long, until: hour - SECOND, probeUntil: hour + 30 * SECOND };
  expect(comeBackAt(tried, 0, hour)).toBe(hour + 30 * SECOND);
  expect(comeBackAt({ ...long, until: hour - SECOND }, 0, hour)).toBe(hour);
});

test('Whatever a buyer answers and when, one at a time tries it while it is left out, and one good answer to that lets it in', () => {
  const step = fc.record({ wait: fc.nat(60_000), ok: fc.boolean() });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      let circuit = failing(10);
      let now = 0;
      for (const { wait, ok } of steps) {
        now += wait;
        const before = stateOf(circuit, now);
        const probing = takeProbe(circuit, now);
        assert.equal(probing !== undefined, before === 'half_open');
        if (probing) assert.equal(takeProbe(probing, now), undefined);
        circuit = afterAnswer(probing ?? circuit, ok ? undefined : FAILED, now);
        if (before === 'half_open') assert.equal(stateOf(circuit, now), ok ? 'closed' : 'open');
        if (before === 'open') assert.equal(stateOf(circuit, now), 'open');
        assert((circuit.until ?? now) - now <= BREAKER.atMost);
      }
    }),
    { numRuns: 2000 },
  );
});
