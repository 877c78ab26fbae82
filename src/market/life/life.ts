import type { LeadReason } from '../model/reason.js';
import { isLastWait, type Wait } from '../waiting/waiting.js';
import { deliver, type DeliveryPort, type UncertainPost } from './deliver.js';

/**
 * How a round has ended. `uncertain`: these posts have no clear answer, and the round continues when they are settled.
 * `interrupted`: it continues with the next call. `withdrawing`: the lead was withdrawn and has not ended yet.
 */
export type RoundResult<Post> =
  | { status: 'ended' | 'withdrawing' | 'unsold' | 'interrupted' }
  | { status: 'uncertain'; posts: Post[] };

/** What a life needs from its surroundings: a workflow has activities, signals and timers; a scenario has data. */
export interface LifePort<Post extends UncertainPost> extends DeliveryPort<Post> {
  readonly hasEnded: boolean;
  /** Runs the next round, or continues it, and keeps its result. */
  runRound(): Promise<RoundResult<Post>>;
  /** The lead's next event, by its last round and the market changes since. */
  readonly wait: Wait;
  /** Stores that the lead waits, and notifies its seller. `elsewhere`: it was sold or ended by another run. */
  markPending(wait: Wait): Promise<'pending' | 'withdrawing' | 'elsewhere'>;
  /** Sleeps until the wait is over, the lead is woken, or market changes make it another wait. */
  sleep(wait: Wait): Promise<'in time' | 'woken' | 'another wait'>;
  end(status: 'expired' | 'withdrawn', reason?: LeadReason): Promise<void>;
  notifySeller(): void;
  /** Waits until every notification is delivered; true if a buyer returns the lead before. */
  isReturned(): Promise<boolean>;
}

/** A round comes back this often without a pause, for example when as many buyers gave no clear answer to a post. */
const BACK_AT_ONCE = 20;
const LONGEST_PAUSE_MS = 60_000;

/**
 * The life of a lead. It is offered in rounds until it is sold, withdrawn or too old. A returned lead goes on.
 * @param options `isWaiting`: it begins with the wait for a round
 */
export async function live<Post extends UncertainPost>(
  lead: LifePort<Post>,
  { isWaiting = false }: { isWaiting?: boolean } = {},
): Promise<void> {
  if (isWaiting) await waitForNextRound(lead);
  do {
    await offerUntilEnded(lead);
    lead.notifySeller();
  } while (await lead.isReturned());
}

/** A round that comes back without end is slowed down: a fault must not ask buyers again and again at full speed. */
async function offerUntilEnded<Post extends UncertainPost>(lead: LifePort<Post>): Promise<void> {
  for (let back = 0; !lead.hasEnded;) {
    const excess = back - BACK_AT_ONCE;
    if (excess > 0) {
      const ms = Math.min(1000 * 2 ** (excess - 1), LONGEST_PAUSE_MS);
      await lead.pause(ms, `the round came back ${back} times`);
    }
    back = (await offer(lead)) === 'unsold' ? 0 : back + 1;
  }
}

/** Offers the lead in one round. If it stays unsold, it waits for the next. */
async function offer<Post extends UncertainPost>(lead: LifePort<Post>): Promise<RoundResult<Post>['status']> {
  const result = await lead.runRound();
  if (result.status === 'withdrawing') await lead.end('withdrawn');
  else if (result.status === 'unsold') await waitForNextRound(lead);
  else if (result.status === 'uncertain') await Promise.all(result.posts.map((post) => deliver(lead, post)));
  return result.status;
}

/** Sleeps until something can change, or ends the lead if nothing can. */
async function waitForNextRound<Post extends UncertainPost>(lead: LifePort<Post>): Promise<void> {
  for (;;) {
    const { wait } = lead;
    const state = await lead.markPending(wait);
    if (state === 'withdrawing') return lead.end('withdrawn');
    // The next round finds how it ended.
    if (state === 'elsewhere') return;
    const woken = await lead.sleep(wait);
    if (lead.isWithdrawn) return lead.end('withdrawn');
    if (woken === 'another wait') continue;
    if (wait.until === 'last round') return lead.end('expired', 'too_many_rounds');
    if (isLastWait(wait) && woken === 'in time') return lead.end('expired');
    return;
  }
}
