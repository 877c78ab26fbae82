import fc from 'fast-check';
import { expect, test } from 'vitest';
import { MIN_LEADS_SHOWN, figuresView, type Figures } from '../../src/operations/simulate/simulationView.js';
import { COLUMNS, mapCompared, type Compared, type Tally } from '../../src/market/simulate/tally.js';

const BUYERS = ['northwind', 'fabrikam', 'contoso', 'tailspin'];
const figure = fc.oneof(fc.constant(0), fc.nat(12), fc.nat(200));

/** The leads won by each buyer, at 10.00 each. */
const tally = (leads: number, won: readonly number[]): Tally => ({
  leads,
  sold: won.reduce((sum, count) => sum + count, 0),
  revenue: won.reduce((sum, count) => sum + count * 1000, 0),
  earned: won.reduce((sum, count) => sum + count * 900, 0),
  buyers: new Map(
    won.flatMap((count, i) => (count === 0 ? [] : [[BUYERS[i] ?? '', { won: count, spent: count * 1000 }]])),
  ),
});

const figures: fc.Arbitrary<Figures> = fc
  .record({
    tallies: fc.array(
      fc.record({
        unsold: figure,
        rows: fc.array(fc.record({ booked: figure, unchanged: figure, changed: figure }), { maxLength: 4 }),
      }),
      {
        maxLength: 2,
      },
    ),
    counts: fc.tuple(figure, figure, figure, figure, figure, figure, figure, figure),
  })
  .map(({ tallies, counts }) => {
    const [erased, withoutRound, asBooked, leads, bid, form, post, check] = counts;
    const currencies = tallies.map(({ unsold, rows }, i) => {
      const won: Compared<number[]> = {
        booked: rows.map(({ booked }) => booked),
        unchanged: rows.map(({ unchanged }) => unchanged),
        changed: rows.map(({ changed }) => changed),
      };
      const most = Math.max(...COLUMNS.map((column) => won[column].reduce((sum, count) => sum + count, 0)));
      return {
        currency: i === 0 ? 'USD' : 'EUR',
        tallies: mapCompared(won, (counts) => tally(most + unsold, counts)),
      };
    });
    return {
      currencies,
      leads: currencies.reduce((sum, { tallies }) => sum + tallies.booked.leads, 0),
      asBooked,
      assumed: { leads, by: { bid, form, post, check } },
      leftOut: { erased, withoutRound },
    };
  });

const isColumn = (name: string): boolean => COLUMNS.some((column) => column === name);
const isOfBuyer = (name: string): boolean => name === 'won' || name === 'spent';

/** All lead counts, and all sums of money as numbers of leads. */
function counted(value: unknown, key = ''): number[] {
  if (Array.isArray(value)) return value.flatMap((item) => counted(item, key));
  if (typeof value === 'object' && value !== null)
    return Object.entries(value).flatMap(([name, item]) =>
      name === 'buyers' && typeof item === 'number'
        ? []
        : counted(item, isColumn(name) && isOfBuyer(key) ? key : name),
    );
  if (typeof value !== 'number' || key === 'fewest_leads' || key === 'house_keeps') return [];
  if (key === 'spent' || key === 'revenue') return [value / 10];
  return [key === 'sellers_earn' ? value / 9 : value];
}

test('Through the API no figure covers fewer than ten leads, and other figures are unchanged', () => {
  fc.assert(
    fc.property(figures, (given) => {
      const view = figuresView(given, MIN_LEADS_SHOWN);
      for (const count of counted(view)) expect(count === 0 || count >= MIN_LEADS_SHOWN).toBe(true);
      for (const { currency, buyers, others, ...shown } of view.currencies) {
        const exact = given.currencies.find((one) => one.currency === currency)?.tallies;
        for (const column of COLUMNS) {
          expect(shown[column].leads).toBe(exact?.[column].leads);
          if (shown[column].sold !== null) expect(shown[column].sold).toBe(exact?.[column].sold);
          for (const { buyer, won } of buyers)
            expect(won[column]).toBe(exact?.[column].buyers.get(buyer)?.won ?? 0);
        }
        if (others) expect(others.buyers).toBeGreaterThan(1);
      }
    }),
    { numRuns: 1000 },
  );
});

test('Suppressed figures of buyers cannot be found by subtraction', () => {
  fc.assert(
    fc.property(figures, (given) => {
      for (const { currency, buyers, others, ...shown } of figuresView(given, MIN_LEADS_SHOWN).currencies) {
        const exact = given.currencies.find((one) => one.currency === currency)?.tallies;
        const all = new Set(COLUMNS.flatMap((column) => [...(exact?.[column].buyers.keys() ?? [])]));
        const hidden = all.size - buyers.length;
        for (const column of COLUMNS) {
          const { sold } = shown[column];
          const left = (sold ?? 0) - buyers.reduce((sum, { won }) => sum + won[column], 0);
          if (sold !== null && hidden === 1) expect(left).toBe(0);
          if (others && sold !== null) expect(left).toBe(others.won[column]);
        }
      }
    }),
    { numRuns: 1000 },
  );
});

test('Directly on the database every figure is shown', () => {
  fc.assert(
    fc.property(figures, (given) => {
      const view = figuresView(given, 1);
      expect(JSON.stringify(view)).not.toContain('null');
      expect(view.currencies.map(({ others }) => others)).toEqual(view.currencies.map(() => undefined));
    }),
  );
});
