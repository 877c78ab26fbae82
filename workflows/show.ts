import { setCurrentDetails, upsertMemo, upsertSearchAttributes } from '@temporalio/workflow';
import type { End } from '../activities/endOf.js';
import { formatUtc } from '../src/market/calendar/isoTime.js';
import type { Wait } from '../src/market/waiting/waiting.js';
import {
  asMarkdown,
  detailsOf,
  HELD_TOO_LONG,
  heldInWords,
  type WaitingLead,
} from '../src/market/wording/waitingLead.js';
import {
  HELD_STATUS,
  RESOLVE_POST_UPDATE,
  RETRY_NOW_SIGNAL,
  searchAttributes,
  WITHDRAW_UPDATE,
} from '../src/temporal/names.js';
import { fitKeywords } from '../src/temporal/sizeLimits.js';

/*
 * What ops see of a lead in Temporal: search attributes, the memo, and the same as text ("Current Details").
 */

/** The lead is unsold and waits for its next round. */
export function showWaiting({
  wait,
  round,
  waitsFor,
  story,
  lastRound,
}: { wait: Wait; round: number } & Pick<WaitingLead, 'waitsFor' | 'story' | 'lastRound'>): void {
  const until = formatUtc(wait.at);
  show({ status: 'pending', waitsFor, until, opsCan: OPS_CAN, story, lastRound });
  upsertSearchAttributes([
    { key: searchAttributes.status, value: 'pending' },
    { key: searchAttributes.round, value: round },
  ]);
}

/** Posts of the lead wait for the decision of ops. */
export function showHeld({
  leadId,
  posts,
  until,
  story,
  lastRound,
}: { leadId: string; posts: { buyer: string; postId: string }[]; until: number } & Pick<
  WaitingLead,
  'story' | 'lastRound'
>): void {
  show({
    status: HELD_STATUS,
    waitsFor: heldInWords(posts),
    until: formatUtc(until),
    otherwise: HELD_TOO_LONG,
    opsCan: opsCanDecide(
      leadId,
      posts.map(({ buyer }) => buyer),
    ),
    story,
    lastRound,
  });
  upsertSearchAttributes([{ key: searchAttributes.status, value: HELD_STATUS }]);
}

/** No post of the lead waits for ops any more. */
export const showHeldSettled = (): void =>
  upsertSearchAttributes([{ key: searchAttributes.status, value: 'pending' }]);

/** The lead has ended; `hadMemo`: its memo says that it waits. */
export function showEnd(
  { status, round, sale, lead: { story } }: End,
  { hadMemo }: { hadMemo: boolean },
): void {
  upsertSearchAttributes([
    { key: searchAttributes.status, value: status },
    { key: searchAttributes.round, value: round },
    ...(sale === undefined
      ? []
      : [
          { key: searchAttributes.price, value: sale.price },
          { key: searchAttributes.buyers, value: sale.buyers.length > 0 ? fitKeywords(sale.buyers) : null },
        ]),
  ]);
  if (hadMemo) upsertMemo({ lead: { status, story } });
  setCurrentDetails(asMarkdown(story));
}

function show(lead: WaitingLead): void {
  upsertMemo({ lead });
  setCurrentDetails(detailsOf(lead));
}

/** What ops can send a waiting lead, in the words of Temporal's UI. */
const OPS_CAN = [
  `More Actions, Send a Signal, ${RETRY_NOW_SIGNAL}: the next round is run now`,
  `More Actions, Send an Update, ${WITHDRAW_UPDATE}: the lead is permanently taken off sale`,
];

/** The same for a lead whose posts to these buyers are held, with the input of each decision. */
function opsCanDecide(leadId: string, buyers: readonly string[]): string[] {
  const input = (buyer: string, accepted: boolean): string => JSON.stringify({ buyer, accepted });
  return [
    ...buyers.flatMap((buyer) => [
      `${buyer} took the lead: More Actions, Send an Update, ${RESOLVE_POST_UPDATE} with the input ${input(buyer, true)}, or \`gavel leads resolve ${leadId} --buyer ${buyer} --accepted\`: the sale is booked`,
      `${buyer} did not take it: More Actions, Send an Update, ${RESOLVE_POST_UPDATE} with the input ${input(buyer, false)}, or \`gavel leads resolve ${leadId} --buyer ${buyer} --refused\`: the next bidder is offered the lead`,
    ]),
    `More Actions, Send an Update, ${WITHDRAW_UPDATE}: the post is cancelled and the lead is permanently taken off sale`,
  ];
}
