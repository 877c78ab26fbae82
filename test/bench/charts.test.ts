import { describe, expect, test } from 'vitest';
import { barChart, lineChart, short } from './charts.js';
import { withFigures } from './performancePage.js';

const heights = (svg: string): number[] =>
  [...svg.matchAll(/<rect x="[\d.]+" y="[\d.]+" width="[\d.]+" height="([\d.]+)" fill/g)].map(([, height]) =>
    Number(height),
  );

describe('Charts', () => {
  test('draw bars in proportion, and leave out what was not measured', () => {
    const { svg } = barChart({
      ...{ title: 'Throughput', unit: 'a second', names: ['one'] },
      groups: [
        { label: 'a', values: [10] },
        { label: 'b', values: [40] },
        { label: 'c', values: [NaN] },
      ],
    });
    const [a = 0, b = 0, ...rest] = heights(svg);
    expect(b / a).toBeCloseTo(4, 1);
    expect(rest).toEqual([]);
  });

  test('stack bars up to their sum', () => {
    const { svg } = barChart({
      ...{ title: 'CPU', unit: 'ms', names: ['one', 'two'], stacked: true },
      groups: [{ label: 'a', values: [10, 30] }],
    });
    expect(svg).toContain('>40</text>');
  });

  test('are valid with nothing to show, and with names that are no XML', () => {
    const { svg } = lineChart({
      ...{ title: 'a < b & c', unit: 'ms', across: 'seconds' },
      lines: [{ name: 'none', points: [] }],
    });
    expect(svg).toContain('a &lt; b &amp; c');
    expect(svg).not.toMatch(/NaN|Infinity/);
  });

  test.each([
    [0.254, '0.25'],
    [8.06, '8.1'],
    [120.4, '120'],
    [12_300, '12.3k'],
  ])('write %d as %s', (value, text) => {
    expect(short(value)).toBe(text);
  });
});

describe('docs/performance.md', () => {
  const figures = {
    ...{ kind: 'burst', machine: { cpus: 2, node: 'v20.20.0' } },
    sections: [
      {
        title: 'A table',
        rows: [
          ['what', 'number'],
          ['refused', '0'],
        ],
      },
    ],
    charts: { burst: { title: 'A chart', svg: '<svg/>' } },
  };

  test('gets new figures in place of those of the same kind', () => {
    const page = 'Before\n\n<!-- figures: burst -->\n\nold\n\n<!-- end: burst -->\n\nAfter\n';
    expect(withFigures(page, figures)).toBe(`Before

<!-- figures: burst -->

Measured on 2 cores with Node 20.20.0.

![A chart](images/bench-burst.svg)

**A table**

| what    | number |
| ------- | ------ |
| refused | 0      |

<!-- end: burst -->

After
`);
  });

  test('without a place for them is an error', () => {
    expect(() => withFigures('Nothing', figures)).toThrow('no place for the figures of burst');
  });
});
