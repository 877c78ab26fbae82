import { stepOf, timeoutOf, type StepScope } from '../src/buyers/ownProtocol.js';
import { personScreen } from '../src/buyers/personScreen.js';
import { askStatus, type PostStatus } from '../src/buyers/status.js';
import { postedFields } from '../src/market/fields/standardFields.js';
import { openPingAnswer } from '../src/store/leads/pingAnswer.js';
import { currencyOf } from '../src/store/sales/book.js';
import { bookPost, refusePost, resumePost } from '../src/store/sales/posts.js';
import { findLead, UnknownLeadError } from '../src/store/leads/leads.js';
import type { Claim, LeadDocument } from '../src/store/documents.js';
import type { Deps } from './deps.js';
import {
  accepted as acceptedBy,
  allowedAcceptance,
  recipientOf,
  uncertain,
  type Recipient,
} from './sellLead.js';
import type { SaleAnswer } from '../src/market/life/round.js';

export interface SettleRequest {
  leadId: string;
  contract: string;
  /** The decision of ops about the post; absent if the buyer is asked. */
  accepted?: boolean;
}

/**
 * Settles a post that stayed uncertain by the word of ops, or of the buyer's status address. Where neither has a word it
 * stays uncertain.
 */
export const settlePost =
  (deps: Deps) =>
  async ({ leadId, contract, accepted }: SettleRequest): Promise<SaleAnswer> => {
    const { database } = deps;
    const lead = await findLead(database, leadId);
    if (lead === null) throw new UnknownLeadError(leadId);
    const claim = lead.claims[contract];
    if (!claim) throw new Error(`Lead ${leadId} has no post under ${contract}`);
    if (claim.status === 'refused') return { answer: 'refused', detail: claim.detail };
    if (claim.status === 'cancelled') return uncertain(claim, claim.detail);
    const recipient = await recipientOf(deps, lead, contract);
    if (claim.status === 'accepted' || claim.status === 'returned')
      return acceptedBy(deps, lead, claim, recipient?.buyer);
    const word: PostStatus =
      accepted === undefined
        ? await askBuyer(deps, { lead, contract, claim }, recipient)
        : { status: accepted ? 'accepted' : 'refused' };
    switch (word.status) {
      case 'unknown':
        return uncertain(claim, 'it knows nothing of the post');
      case 'silent':
        return {
          ...uncertain(claim, `no usable answer of its status address: ${word.detail}`),
          isSilent: true,
        };
      case 'refused': {
        const detail = accepted === undefined ? 'by its status address' : 'by ops';
        await refusePost(database, { lead, contract, claim }, { detail });
        return { answer: 'refused', detail };
      }
      case 'accepted': {
        const post = await resumePost(database, lead, contract, claim);
        const booked = await bookPost(database, post, await allowedAcceptance(deps, lead, word));
        if (booked !== 'accepted') return uncertain(claim, 'accepted after it was called off');
        return acceptedBy(deps, lead, claim, recipient?.buyer);
      }
    }
  };

async function askBuyer(
  deps: Deps,
  { lead, contract, claim }: { lead: LeadDocument; contract: string; claim: Claim },
  { buyer, own: protocol }: Partial<Recipient> = {},
): Promise<PostStatus> {
  if (!buyer?.status || lead.sandbox !== undefined) return { status: 'unknown' };
  const { database, send } = deps;
  const step = stepOf(protocol, 'status');
  const entry = lead.rounds[claim.round]?.entries.find((one) => one.contract === contract);
  const bid = entry && 'bid' in entry ? entry.bid : undefined;
  const currency = currencyOf(claim, lead);
  const scope: StepScope = {
    lead: postedFields(lead),
    terms: {
      post_id: claim.postId,
      ping_id: bid?.pingId,
      lead_id: lead._id,
      category: lead.category,
      currency,
    },
    ping: openPingAnswer(database.vault, lead, contract, bid?.kept),
    post: { id: claim.buyerLeadId },
    currency,
    test: lead.test,
  };
  const own = step && { ...step, scope };
  const timeoutMs = timeoutOf(step, buyer.status);
  const to = { ...buyer.status, timeoutMs, secret: buyer.secret, own };
  return askStatus(send, to, claim.postId, personScreen(lead));
}
