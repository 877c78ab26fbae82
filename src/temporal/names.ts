import { defineSearchAttributeKey, type SearchAttributePair } from '@temporalio/common';
import type { LeadFacts, LeadStatus } from '../market/model/lead.js';
import type { Actor } from '../market/model/actor.js';
import { fitKeyword } from './sizeLimits.js';

/** Names and types that both sides of the workflow share: the API and the CLI that talk to it, and the workflow itself. */
export const LEAD_WORKFLOW = 'distributeLead';
/** The workflow that asks what a lead would earn, and ends what is reserved for it. */
export const PING_WORKFLOW = 'pricePing';
/** The workflow that erases persons whose time is over. */
export const RETENTION_WORKFLOW = 'retention';
/** The workflow that sends buyers their daily digests. */
export const DIGEST_WORKFLOW = 'digest';

/** The workflow that e-mails the sold leads of a contract together. */
export const MAIL_WORKFLOW = 'mail';

/** The id under which ops find a lead's workflow. */
export const workflowId = (leadId: string): string => `lead-${leadId}`;

/** Signal: run the next round now instead of at its time. */
export const RETRY_NOW_SIGNAL = 'retryNow';
/**
 * Signal: terms have changed so that a waiting lead might now sell; with a `WaitUpdate`, the lead computes its next wait
 * again.
 */
export const MARKET_CHANGED_SIGNAL = 'marketChanged';
/** Signal: a buyer has returned the lead, so its life continues or its seller is notified. */
export const GIVEN_BACK_SIGNAL = 'givenBack';
/** Update: ops say whether the buyer accepted a post that is held for them. */
export const RESOLVE_POST_UPDATE = 'resolvePost';
/** What `LeadStatus` is while a post waits for that. */
export const HELD_STATUS = 'held';

/** What ops have found out about a post that is held for them. */
export interface PostDecision {
  buyer: string;
  accepted: boolean;
  /** Who decides, for the audit; absent if it was sent past Gavel's own API and commands. */
  by?: Actor;
}
/** Signal: the lead was withdrawn, which the database knows already. */
export const WITHDRAWN_SIGNAL = 'withdrawn';
/** Update: withdraw the lead; answers how it stands once it has ended. */
export const WITHDRAW_UPDATE = 'withdraw';

/** What ops can search and sort leads by; the worker registers them when it starts. Their values are bounded (sizeLimits.ts). */
export const searchAttributes = {
  status: defineSearchAttributeKey('LeadStatus', 'KEYWORD'),
  seller: defineSearchAttributeKey('SellerCode', 'KEYWORD'),
  category: defineSearchAttributeKey('Category', 'KEYWORD'),
  state: defineSearchAttributeKey('State', 'KEYWORD'),
  price: defineSearchAttributeKey('SalePrice', 'DOUBLE'),
  buyers: defineSearchAttributeKey('BuyerIds', 'KEYWORD_LIST'),
  round: defineSearchAttributeKey('Round', 'INT'),
};

/** What a lead is found by from its first moment on. */
export const leadSearchAttributes = (
  { seller, category, state }: LeadFacts,
  status: LeadStatus,
): SearchAttributePair[] => [
  { key: searchAttributes.status, value: status },
  { key: searchAttributes.seller, value: fitKeyword(seller) },
  { key: searchAttributes.category, value: fitKeyword(category) },
  ...(state === undefined ? [] : [{ key: searchAttributes.state, value: fitKeyword(state) }]),
];
