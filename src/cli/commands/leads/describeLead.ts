import { formatUtc } from '../../../market/calendar/isoTime.js';
import { formatDecimal } from '../../../market/money.js';
import { reasonInWords } from '../../../market/model/reason.js';
import { span } from '../../../market/wording/story.js';
import { HELD_TOO_LONG } from '../../../market/wording/waitingLead.js';
import type { LeadDetails } from '../../../operations/leads/leadDetails.js';
import { colors, table } from '../../../terminal/print.js';
import { onOneLine } from '../../../terminal/terminal.js';

export function describeLead(story: LeadDetails, now: Date): string {
  const amount: Amount = (value) => (value === undefined ? '' : formatDecimal(value, story.currency));
  return [
    heading(story, amount),
    ...story.rounds.flatMap((round, i) => [...leftOut(story.rounds[i - 1], round), roundText(round, amount)]),
    ...section('Posts', postRows(story, amount)),
    ...section('Attempts of posts', attemptRows(story)),
    ...section('Returns', returnRows(story, amount)),
    ...section('Books', bookRows(story, amount)),
    ...section('Notifications', notificationRows(story)),
    heldText(story, now),
    ending(story, now),
    fieldsText(story),
    story.workflow_url === undefined ? undefined : `In Temporal: ${story.workflow_url}`,
  ]
    .filter((part) => part !== undefined)
    .join('\n\n');
}

type Amount = (value: number | undefined) => string;

function heading(story: LeadDetails, amount: Amount): string {
  const { lead_id, status, reason, seller, seller_name = seller, category, state, source, test } = story;
  const sold = status === 'sold' ? ` at ${amount(story.price)} to ${(story.buyer_ids ?? []).join(', ')}` : '';
  const why = reason === undefined ? '' : ` (${reasonInWords(reason)})`;
  const left =
    status === 'returned' ? `: every buyer has given it back. The seller earns ${amount(story.price)}` : '';
  const held = story.held === undefined ? '' : ', held for ops';
  const color = status === 'sold' ? colors.green : status === 'pending' ? colors.yellow : colors.bold;
  return [
    `Lead ${lead_id}: ${color(`${status}${sold}${left}${why}${held}`)}`,
    [category, state, `${seller_name} (${seller})`, test ? 'a test: it moves no money' : undefined]
      .filter((part) => part !== undefined)
      .join(' · '),
    `Received ${formatUtc(Date.parse(story.received_at))} by ${onOneLine(source)}; last changed ${formatUtc(Date.parse(story.updated_at))}`,
  ].join('\n');
}

function leftOut(before: { round: number } | undefined, { round }: { round: number }): string[] {
  const count = before === undefined ? 0 : round - before.round - 1;
  return count > 0 ? [`… ${count} rounds are not shown`] : [];
}

type RoundView = LeadDetails['rounds'][number];

function roundText(
  { round, at, floor, market_version: version, contracts }: RoundView,
  amount: Amount,
): string {
  const rows = contracts.map(({ buyer, bid, outcome, detail, limit, ms, asked_again: again }) => [
    buyer,
    amount(bid),
    outcome === 'sold'
      ? colors.green('sold')
      : outcome === 'posting'
        ? colors.yellow('post under way')
        : outcome === 'held'
          ? colors.yellow('held for ops')
          : reasonInWords(outcome),
    [...(ms === undefined ? [] : [`${Math.round(ms)} ms`]), ...(again ? ['asked again'] : [])].join(', '),
    [detail, usedOf(limit, amount)].filter((part) => part !== undefined).join('; '),
  ]);
  const terms = `floor ${amount(floor)}${version === undefined ? '' : `, market version ${version}`}`;
  const title = colors.bold(`Round ${round}`) + `, ${formatUtc(Date.parse(at))}, ${terms}`;
  if (rows.length === 0) return `${title}\nThe campaign has no contract.`;
  return `${title}\n${table(['buyer', 'bid', 'outcome', 'answered in', 'detail'], rows)}`;
}

/** How much of a full limit was used. Of a balance, the detail says what is left. */
function usedOf(limit: RoundView['contracts'][number]['limit'], amount: Amount): string | undefined {
  if (limit?.used === undefined) return undefined;
  return `${limit.of === 'budget' ? amount(limit.used) : limit.used} used`;
}

function section(title: string, rows: { head: string[]; rows: string[][] }): string[] {
  return rows.rows.length === 0 ? [] : [`${colors.bold(title)}\n${table(rows.head, rows.rows)}`];
}

function postRows({ posts }: LeadDetails, amount: Amount): { head: string[]; rows: string[][] } {
  return {
    head: ['buyer', 'status', 'price', 'round', 'began', 'post_id', 'buyer’s id', 'reason'],
    rows: posts.map(({ buyer, status, price, round, began_at, post_id, buyer_lead_id, detail }) => [
      buyer,
      status,
      amount(price),
      String(round),
      formatUtc(Date.parse(began_at)),
      post_id,
      buyer_lead_id ?? '',
      detail ?? '',
    ]),
  };
}

function attemptRows({ posts }: LeadDetails): { head: string[]; rows: string[][] } {
  return {
    head: ['buyer', 'sent', 'answered in', 'answer', 'detail'],
    rows: posts.flatMap(({ buyer, attempts }) =>
      attempts.map(({ sent_at, ms, outcome, detail }) => [
        buyer,
        formatUtc(Date.parse(sent_at)),
        `${Math.round(ms)} ms`,
        outcome,
        detail ?? '',
      ]),
    ),
  };
}

function returnRows({ returns = [] }: LeadDetails, amount: Amount): { head: string[]; rows: string[][] } {
  return {
    head: ['given back by', 'reason', 'at', 'the seller no longer earns'],
    rows: returns.map(({ buyer_id, reason, returned_at, amount: taken }) => [
      buyer_id,
      reasonInWords(reason),
      formatUtc(Date.parse(returned_at)),
      amount(taken),
    ]),
  };
}

function bookRows({ ledger }: LeadDetails, amount: Amount): { head: string[]; rows: string[][] } {
  return {
    head: ['account', 'amount', 'booked', 'sale'],
    rows: ledger.map((entry) => [
      entry.account,
      amount(entry.amount),
      formatUtc(Date.parse(entry.at)),
      entry.sale_id,
    ]),
  };
}

function notificationRows({ notifications }: LeadDetails): { head: string[]; rows: string[][] } {
  return {
    head: ['at', 'what', 'recipient', 'delivered', 'answered in', 'detail'],
    rows: notifications.map(({ at, what, whom, delivered, ms, detail }) => [
      formatUtc(Date.parse(at)),
      what,
      whom,
      delivered ? colors.green('yes') : colors.red('no'),
      `${Math.round(ms)} ms`,
      detail ?? '',
    ]),
  };
}

function heldText({ lead_id: id, held = [] }: LeadDetails, now: Date): string | undefined {
  if (held.length === 0) return undefined;
  return held
    .map(({ buyer, post_id, since, until }) => {
      const left = Date.parse(until) - now.getTime();
      const when = left > 0 ? `in ${span(left)}` : 'due now';
      return [
        `${colors.yellow(`Held for ops since ${formatUtc(Date.parse(since))}: did ${buyer} take the lead?`)} Its post has no clear answer.`,
        `Ask ${buyer} about post_id ${post_id}, and decide until ${formatUtc(Date.parse(until))} (${when}):`,
        `  gavel leads resolve ${id} --buyer ${buyer} --accepted   the sale is booked`,
        `  gavel leads resolve ${id} --buyer ${buyer} --refused    the next bidder is offered the lead`,
        `If nobody decides by then, ${HELD_TOO_LONG}.`,
      ].join('\n');
    })
    .join('\n\n');
}

function ending(
  { status, waits_for, withdrawal, updated_at, ended_at = updated_at, held }: LeadDetails,
  now: Date,
): string | undefined {
  if (waits_for !== undefined) {
    const left = Date.parse(waits_for.until) - now.getTime();
    const when = left > 0 ? `in ${span(left)}` : 'due now';
    return `Waits for ${waits_for.what}: ${formatUtc(Date.parse(waits_for.until))} (${when})`;
  }
  const withdrawn =
    withdrawal && `Withdrawn ${formatUtc(Date.parse(withdrawal.at))}${withdrawnBy(withdrawal)}`;
  if (withdrawn !== undefined && (status === 'received' || status === 'pending'))
    return `${withdrawn}: it ends with the answer of the buyer that it was posted to.`;
  if (withdrawn !== undefined && status === 'sold')
    return `${withdrawn}: no other buyer gets it. Sold ${formatUtc(Date.parse(ended_at))}.`;
  if (withdrawn !== undefined && status === 'withdrawn') return `${withdrawn}.`;
  if (held !== undefined) return undefined;
  if (status === 'received') return 'Waits for its first round, or is in it.';
  return `Ended ${formatUtc(Date.parse(ended_at))}.`;
}

const withdrawnBy = ({ by, reason }: { by?: string; reason?: string }): string =>
  reason === 'suppressed'
    ? ' because its person is on a suppression list'
    : by === undefined
      ? ''
      : ` by ${onOneLine(by)}`;

function fieldsText(story: LeadDetails): string {
  const { fields, sent, notes, erased, without_person: isUnstored } = story;
  if (erased) {
    const proof = erased.sha256 === undefined ? '' : `; SHA-256 of what was there: ${erased.sha256}`;
    return `${colors.bold('The person was erased')} ${formatUtc(Date.parse(erased.at))} by ${onOneLine(erased.by)}${proof}`;
  }
  if (isUnstored) return 'The person is on a suppression list and was not stored.';
  const text = (values: LeadDetails['sent'], name: string): string =>
    [values?.[name] ?? []].flat().join(', ');
  const columns: [head: string, cell: (name: string) => string][] = [
    ['name', (name) => name],
    ['value', (name) => text(fields, name)],
    ['as sent', (name) => text(sent, name)],
    ['note', (name) => notes[name] ?? ''],
  ];
  const rows = Object.keys(fields).map((name) => columns.map(([, cell]) => cell(name)));
  return `${colors.bold('Fields')} (--personal shows them)\n${table(
    columns.map(([head]) => head),
    rows,
  )}`;
}
