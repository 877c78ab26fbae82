import type { OverloadReport } from './overloadReport.js';
import { aimsTable, rounded, section } from './tables.js';

/** The figures as tables for a person. */
export function describeOverload(report: OverloadReport): string {
  const { capacity_per_second, flood, other_seller, memory_mb, kept } = report;
  const { alone, beside, meanwhile } = other_seller;
  return [
    section(
      `A flood of ${flood.seconds} s; the machine could do ${rounded(capacity_per_second)} leads a second`,
      [
        ['leads', 'a second', '× what it could', 'p50 ms', 'p99 ms'],
        ['sent', ...perSecond(flood.sent_per_second, capacity_per_second)],
        ['taken', ...perSecond(flood.taken_per_second, capacity_per_second), ...both(flood.taken)],
        ['sold at once', ...perSecond(flood.sold_per_second, capacity_per_second), ...both(flood.sold)],
        ['another seller’s, alone', '', '', ...both(alone)],
        ['another seller’s, before the flood', '', '', ...both(beside)],
        ['another seller’s, in the flood', '', '', ...both(meanwhile)],
      ],
    ),
    section('The API’s memory, MB', [
      ['before', 'highest', 'at the end', 'slope a minute, second half'],
      memory_mb === undefined
        ? ['not available on this system']
        : [memory_mb.start, memory_mb.highest, memory_mb.end, memory_mb.per_minute].map(rounded),
    ]),
    section('After it, and in the books', [
      ['what', ''],
      ['back to normal after, s', rounded(report.normal_after_s)],
      ['all leads ended after that, s', rounded(report.settled_after_s)],
      ['refused in the flood', `${flood.refused}`],
      ['answered otherwise, or not at all', `${flood.otherwise}`],
      ['another seller’s leads not sold at once', `${other_seller.not_sold}`],
      ...Object.entries(kept).map(([name, count]) => [NAMES[name as keyof typeof NAMES], `${count}`]),
    ]),
    aimsTable(report.aims),
  ].join('\n\n');
}

const perSecond = (value: number, capacity: number): string[] => [rounded(value), rounded(value / capacity)];
const both = ({ p50_ms, p99_ms }: { p50_ms: number; p99_ms: number }): string[] => [
  rounded(p50_ms),
  rounded(p99_ms),
];

const NAMES: Record<keyof OverloadReport['kept'], string> = {
  stored: 'leads stored',
  sold: 'of them sold',
  lost: 'accepted and not stored',
  unheard: 'stored without an answer',
  open: 'not ended',
  untrue: 'answered as sold, but not sold so',
  soldTwice: 'sold twice',
  differences: 'differences in the books',
};
