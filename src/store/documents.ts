import type { Binary } from 'mongodb';
import type { OfferReason } from '../market/auction/decide.js';
import type { LeadFields } from '../market/fields/standardFields.js';
import type { Purchase, PersonHashes } from '../market/limits/duplicates.js';
import type { LeadStatus } from '../market/model/lead.js';
import type { PricePromise } from '../market/model/pricePromise.js';
import type { LeadReason, Reason } from '../market/model/reason.js';
import type { Change, MetLimit, Round } from '../market/model/round.js';
import type { SandboxOutcome } from '../market/model/sandbox.js';
import type { LeadReturn, WithdrawnBy } from '../market/model/statusView.js';
import type { Minor } from '../market/money.js';
import type { Usage } from '../market/limits/usage.js';
import type { Credits } from '../market/auction/turns.js';
import type { Circuit, Channel } from '../market/limits/circuitBreaker.js';
import type { Actor } from '../market/model/actor.js';
import type { Outlet } from '../market/model/outlet.js';
import type { Scope } from './scopes.js';
import type { Buyer, Campaign, Contract, Seller } from '../market/model/market.js';

/*
 * All data in MongoDB. An interface named XDocument, or StoredLead, is the shape of a collection's
 * documents; db.ts assigns them to collections.
 *
 * Amounts are in minor units of their currency (`Minor`). Stored names stay as they are from release to release, because
 * workers of two releases share a database during a rollout (docs/upgrades.md); where a stored name is not clear, its
 * comment says what it holds. Indexes are in upkeep/indexes.ts.
 */

// Market: `sellers`, `buyers`, `campaigns` and `contracts` as the market file has them

/** A part of the market file. `id` or `code` is stored as `_id`. */
export type Stored<T, Id extends keyof T> = Omit<T, Id> & { _id: T[Id] & string };

export type SellerDocument = Stored<Seller, 'code'> & WithSigning;

/** Collection `buyers`. */
export type BuyerDocument = Stored<Buyer, 'id'> &
  WithSigning & {
    /** If the buyer is billed on account: the total that the market file has already paid in, so that it is booked once. */
    paidIn?: Minor;
  };

/** Collection `campaigns`. Requests find their campaign by `categoryKey`. */
export type CampaignDocument = Stored<Campaign, 'id'> & { categoryKey: string };

export type ContractDocument = Stored<Contract, 'id'>;

export interface StoredMarket {
  sellers: SellerDocument[];
  buyers: BuyerDocument[];
  campaigns: CampaignDocument[];
  contracts: ContractDocument[];
}

/** The part of a buyer or seller that holds the secrets for signing its messages. */
export interface WithSigning {
  _id: string;
  signing?: SigningSecrets;
  /** The plaintext secret of release 0.1.0 and earlier; `wrapPlainSecrets` replaces it by `signing`. */
  secret?: string;
}

/** Secrets that sign the messages to a buyer or seller, wrapped by a master key. */
export interface SigningSecrets {
  current: WrappedKey;
  /** Earlier secrets that still sign too, newest first, each with its expiry. */
  previous?: { secret: WrappedKey; until: Date }[];
  /** Incremented by each change, for optimistic locking. */
  version: number;
}

/**
 * Collection `applies`, one document: the number of the market's current version. Every change increments it, so that two
 * concurrent changes conflict even if they touch different contracts.
 */
export interface AppliesDocument {
  _id: 'market';
  times: number;
}

/**
 * Collection `marketVersions`: who changed the market and when. Immutable. The author is absent if an earlier release or
 * the start of the demo made the version.
 */
export interface MarketVersionDocument extends Partial<Actor> {
  _id: number;
  at: Date;
  /** `marketTerms` has the whole market with this number, and not only the changed objects. */
  whole?: true;
  changes: Pick<AuditEvent, 'kind' | 'id' | 'did'>[];
}

/** An object of the market; without terms if it was removed. */
export type VersionedTerms =
  | { kind: 'seller'; id: string; terms?: Seller }
  | { kind: 'buyer'; id: string; terms?: Buyer }
  | { kind: 'campaign'; id: string; terms?: Campaign }
  | { kind: 'contract'; id: string; terms?: Contract };

/** Collection `marketTerms`: the terms of one object since a version of the market. Immutable. */
export type MarketTermsDocument = VersionedTerms & {
  /** `000000041/contract/ACME1234/auto-insurance/northwind`. */
  _id: string;
  version: number;
};

/** Collection `wakes`: a change of a campaign's market that waiting leads must still be notified of. */
export interface MarketChangeDocument {
  _id: string;
  /** Contracts that may now buy waiting leads: their terms have changed, or their buyer has topped up. */
  contracts: string[];
  /** The campaign's terms for waiting leads have changed. */
  pending?: true;
  at: Date;
  /** Lease expiry of the worker that notifies the next leads; once it is over, when they were notified last. */
  leaseUntil?: Date;
  /** Absent if no lead was notified. */
  progress?: MarketChangeProgress;
}

/** How far the waiting leads of a campaign, oldest first, are notified of a change. */
export interface MarketChangeProgress {
  /** `MarketChangeDocument.at` when they were notified. If it is later now, another change was added meanwhile. */
  at: Date;
  /** The last lead that was looked at; empty at the start. */
  after: string;
  /** The last lead that needs to be looked at; absent: all. */
  until?: string;
  /** Leads up to this one must be looked at again, because a change was added after they were notified. */
  again?: string;
}

/** Collection `specs`: who may read the specs page of a campaign. Without a document nobody may. */
export interface SpecsDocument {
  /** The campaign. */
  _id: string;
  /** The part of the page's address that can't be guessed. */
  token: string;
  /** The page is also at the address of seller and category, which can be guessed. */
  public?: true;
  at: Date;
}

// Leads: `leads` has each lead with its last round, `rounds` has the earlier rounds

/**
 * A lead in memory, with its history. Personal data is only in `fields`, `sent` and `phoneE164`; in the database it is
 * encrypted (`StoredLead`).
 */
export interface LeadDocument extends LeadFields {
  _id: string;
  seller: string;
  campaign: string;
  category: string;
  /** The id of the API key that it was posted with. */
  key: string;
  /** The source that posted it, as its API key names it. */
  source: string;
  test: boolean;
  /** The outcome that the sandbox forces, of a test lead with a reserved ZIP code. */
  sandbox?: SandboxOutcome;
  status: LeadStatus;
  receivedAt: Date;
  updatedAt: Date;
  /** When it was sold to its last buyer, returned by all of them, expired or withdrawn; absent in leads of earlier releases. */
  endedAt?: Date;
  /** When the sweep starts the lead's workflow if nothing happens before; absent once the lead has ended. */
  dueAt?: Date;
  /** The key of the lead's personal data, to encrypt more of it; absent in a new lead and after an erasure. */
  personKey?: WrappedKey;
  /** Keyed hashes that recognise the person in other leads and on suppression lists. */
  match: PersonHashes;
  /** The `KEY_RULE` that `match` was computed with; absent in leads of release 0.1.0 and earlier. */
  matchRule?: number;
  /**
   * The lead was suppressed on arrival, so its person was never stored. Only the hashes in `match` identify the person.
   * Removed when these are erased.
   */
  withoutPerson?: true;
  /** The person was erased; the lead has no fields any more. */
  erased?: Erasure;
  idempotency?: Idempotency;
  /** On a lead that was erased while its request may be repeated: when `idempotency` is removed too. */
  repeatsUntil?: Date;
  /** The last round, by number. Earlier rounds are in `rounds`; in leads of earlier releases all rounds are here. */
  rounds: Record<string, Round>;
  /** The number of the last round; absent before the first, and in leads of earlier releases. */
  lastRound?: number;
  claims: Record<string, Claim>;
  /** The number of rounds before the lead was returned and went on sale again. */
  roundsBefore?: number;
  /** Offers of the last round that have no claim: skipped, refused by a limit, or replaced by a later offer. */
  passed?: SkippedOffer[];
  /** The number of claims that are `posting` or `accepted`; at most the number of places of the sale. */
  claimed: number;
  /** Whether the claim is exclusive. */
  claimedAlone?: boolean;
  /** Attempts to deliver notifications to the seller and to buyers; the most recent 100. */
  told?: NotificationAttempt[];
  /** Contracts with an unsettled reservation: its claim has ended, and it is still to be confirmed or released. */
  unsettled?: string[];
  /** Contracts whose posts are held for a decision by ops. */
  heldForOps?: string[];
  /** Present once the lead is off sale; see `withdraw`. */
  withdrawal?: Withdrawal;
  /** Why an unsold lead is unsold, in one word. */
  reason?: LeadReason;
  /** What a ping has promised for it; absent if its source did not ask before. */
  promise?: PricePromise;
  currency: string;
  /** What the seller earns, the sum over buyers. */
  price?: Minor;
  buyerIds?: string[];
  /** Of the last sale that has one. */
  redirectUrl?: string;
  /** Returned sales in the order of booking; absent if there are none. */
  returns?: StoredReturn[];
}

/**
 * Collection `leads`. `person` is absent if it was erased (persons/erase.ts) or never stored (`withoutPerson`). Code that
 * needs no personal data reads leads in this form.
 */
export type StoredLead = Omit<LeadDocument, 'fields' | 'sent' | 'phoneE164' | 'personKey'> & {
  person?: SealedPerson;
};

/**
 * The personal data of a lead: each value encrypted under the lead's own key, which is wrapped by a master key. Without
 * the lead's key nothing can be decrypted, in any copy of the database.
 */
export interface SealedPerson {
  key: WrappedKey;
  fields: SealedFields;
  /** The values as sent, if they differ from the stored ones. */
  sent?: SealedFields;
  phoneE164?: Binary;
}

/** Encrypted values by field name. The names are the seller's and no personal data. */
export type SealedFields = Record<string, Binary | { list: Binary }>;

/** What a request with an `Idempotency-Key` leaves in its lead. The key is unique, so a repeat makes no second lead. */
export interface Idempotency {
  /** Keyed hash of the API key's id and the header's value, which may name the person. */
  key: string;
  /** Keyed hash of the request's fields; absent after the person was erased. */
  fingerprint?: string;
  /** Until then the first request may still be waiting for its answer. */
  answeringUntil: Date;
}

/** The status of a post: `posting` → `accepted`, `refused` or `cancelled`; an accepted one may become `returned`. */
export type ClaimStatus = 'posting' | 'accepted' | 'refused' | 'cancelled' | 'returned';

/** A buyer's claim on the lead: stored before the post is sent, and found again by every retry. */
export interface Claim {
  /** Also the id of the sale, if there is one. */
  postId: string;
  status: ClaimStatus;
  round: number;
  buyer: string;
  /** Whether the buyer gets the lead exclusively. */
  exclusive: boolean;
  price: Minor;
  /** What the seller earns of it. */
  earns: Minor;
  /** Of both amounts; absent in claims of earlier releases, which are in the lead's currency. */
  currency?: string;
  at: Date;
  /** The post has no clear answer and waits for a decision by ops; at `until` it is cancelled. */
  held?: { since: Date; until: Date };
  /** Whether the reservation under the limits succeeded, or why not. The first attempt to know decides for all of them. */
  reservation?: 'made' | LimitRefusal;
  endedAt?: Date;
  /** Each time the post was sent and answered, or not answered; the latest 100. Absent in claims of earlier releases. */
  attempts?: PostAttempt[];
  /** The buyer's own reference. */
  buyerLeadId?: string;
  /** Where the buyer wants the person to be sent; erased with the person. */
  redirectUrl?: string;
  /** Of a sale that is sent with others: when it is due (`MailDocument`). */
  mailAt?: Date;
  /** Why it was refused or cancelled, or which part of an acceptance was dropped; for ops. */
  detail?: string;
  /** The same with the buyer's own text; erased with the person. */
  words?: string;
}

export interface PostAttempt {
  at: Date;
  /** Until the answer, or until Gavel stopped waiting for it. */
  ms: number;
  outcome: 'accepted' | 'refused' | 'uncertain';
  /** Why it is uncertain, or what an accepted one waits for; never the buyer's own words. */
  detail?: string | undefined;
}

/** The limit that refused a reservation. */
export interface LimitRefusal {
  answer: Exclude<OfferReason, 'uncertain'>;
  detail?: string | undefined;
  /** When the limit may allow a sale again. */
  change?: Change | undefined;
  limit?: MetLimit | undefined;
}

/** The outcome of an offer that has no claim. */
export interface SkippedOffer {
  round: number;
  contract: string;
  answer: OfferReason;
  detail?: string | undefined;
  /** If a limit refused it: when the limit may allow a sale again, and its figures. */
  change?: Change | undefined;
  limit?: MetLimit | undefined;
}

/** One attempt to notify the seller or a buyer of the lead's status. */
export interface NotificationAttempt {
  at: Date;
  /** The notification: `postback: sold`, `notice: won`. */
  what: string;
  /** The recipient: `address 1` of the seller, or a buyer. */
  whom: string;
  heard: boolean;
  /** The status code of the answer, or why there was none. */
  detail?: string | undefined;
  ms: number;
}

/** A request to take a lead off sale. After it, no claim is made and no round is started. */
export interface Withdrawal {
  at: Date;
  /** Who asked: "landing (source)", "dana (api)". Absent for a suppression, and in earlier releases. */
  by?: string;
  /** On whose behalf; absent in earlier releases. */
  asked?: WithdrawnBy;
  /** The person is on a suppression list; absent if the seller or ops asked. */
  reason?: 'suppressed';
}

/** A returned sale, as its lead has it; books/returns.ts books it. */
export interface StoredReturn extends LeadReturn {
  contract: string;
  /** The reason is the buyer's free text and must not leave the database. */
  inOwnWords?: true;
}

/** The record that a person was erased. It stays with the lead and has no personal data. */
export interface Erasure {
  at: Date;
  /** The person at the command line, the admin's key, or `retention`. */
  by: string;
  /**
   * SHA-256 (hex) of the destroyed ciphertext. It identifies a copy that is found elsewhere, for example in a backup.
   * Absent if there was nothing to destroy.
   */
  sha256?: string;
}

/**
 * Collection `rounds`: a lead's rounds before the last, each with its `LeadDocument.passed`. They are not in the lead,
 * because a document has a maximum size, and a lead may have a thousand rounds with a hundred bidders.
 */
export interface RoundDocument extends Round {
  /** `LEAD_ID/000123`, so that the rounds of a lead are in order. */
  _id: string;
  lead: string;
  passed?: SkippedOffer[];
}

/**
 * Collection `pings`: a source has asked what a lead would earn. It has no person, and is deleted soon after it expires.
 * Its id is that of the lead that is sold by it.
 */
export interface PingDocument {
  _id: string;
  /** The lead as far as it is known, which is not stored as a lead. */
  lead: LeadDocument;
  /**
   * `asking`: buyers are asked. `none`: nobody buys such a lead. `open`: a lead can be sold by it. `used`: a lead was
   * sent with it.
   */
  status: 'asking' | 'none' | 'open' | 'used';
  /** The round in which buyers were asked. */
  round?: Round;
  promise?: PricePromise;
  /** Why there is no promise. */
  reason?: LeadReason;
  expiresAt: Date;
  /** The contracts whose limits may be reserved for it: noted before they are. */
  reserving: { contract: string; buyer: string }[];
}

// Sales and books: `sales`, `returns` and the `ledger`; `usage` has what counts against limits and balances

/**
 * Collection `sales`: an accepted post. Immutable, except that `buyerLeadId` and `redirectUrl` are erased with the lead's
 * person.
 */
export interface SaleDocument {
  /** The post's id, made of lead and contract, so that a retry makes no second sale. */
  _id: string;
  lead: string;
  seller: string;
  campaign: string;
  contract: string;
  buyer: string;
  price: Minor;
  /** What the seller earns of it; the rest is the house's. */
  earns: Minor;
  exclusive: boolean;
  currency: string;
  round: number;
  test: boolean;
  at: Date;
  buyerLeadId?: string;
  redirectUrl?: string;
  /** What it added to the contract's caps and budgets, by window; a return subtracts it again. */
  counted?: CountedUsage[];
}

/** Collection `returns`: a sale that its buyer returned. Immutable, except that `reason` is erased with the person. */
export interface ReturnDocument {
  /** The sale's id, so that a sale is returned once. */
  _id: string;
  lead: string;
  contract: string;
  buyer: string;
  reason: string;
  /** What the buyer gets back of the price. */
  refund: Minor;
  /** What the seller pays back of its earnings. */
  sellerPays: Minor;
  currency: string;
  at: Date;
  /** Whether the lead went on sale again. */
  resold: boolean;
}

/**
 * Collection `mails`: a sale whose lead is to be e-mailed together with others. It is written with the sale and removed
 * when the message is delivered. It has nothing of the person.
 */
export interface MailDocument {
  /** The sale's id. */
  _id: string;
  lead: string;
  contract: string;
  buyer: string;
  /** The outlet at the time of the sale. It counts if the contract has no e-mail any more. */
  outlet: Outlet;
  dueAt: Date;
  /** When the sweep starts the contract's workflow, if it does not run. */
  sweepAt: Date;
  /** The id of the message that it is part of, since the first attempt to send that. */
  message?: string;
}

/** A sale, its return, or a payment of a prepaid buyer. */
export type BookingKind = 'sale' | 'return' | 'top_up';

/**
 * Collection `ledger`: one entry of a booking. The entries of a booking sum to zero: for a sale, the buyer owes (negative)
 * what the seller and the house earn.
 */
export interface EntryDocument {
  /** Booking and account, so that a repeated booking has the same entries. */
  _id: string;
  kind: BookingKind;
  /** The sale that is booked or returned, or the payment. */
  sale: string;
  /** `buyer:northwind`, `seller:ACME1234`, `house`, `bank`. */
  account: string;
  amount: Minor;
  currency: string;
  at: Date;
  /** Of a payment: its external reference. */
  ref?: string;
}

/** Collection `usage`: a contract's counters, by its id, or a prepaid buyer's account, by `buyer:ID`. */
export type UsageDocument = Usage & {
  _id: string;
  /** Reservations of sales in progress, by sale. */
  reserved?: Record<string, UsageReservation>;
  /** Of an account: the sale that triggered the low-balance notice. Removed by the next top-up. */
  low?: string;
};

/** What a sale in progress has reserved. It is stored, so that exactly this is released even if the limits change. */
export interface UsageReservation {
  lead: string;
  contract: string;
  at: Date;
  took: CountedUsage[];
  /** Of the buyer's balance. */
  price?: Minor;
}

/** A counter, by its path in the usage document (`sold.day:2026-11-24`), and what was added to it. */
export interface CountedUsage {
  path: string;
  adds: number;
}

// Fairness: `turns` of awards, `circuits` of failing buyers, `answers` counted by the hour

/** Collection `turns`: the order of contracts in a campaign that awards by turns. */
export interface TurnsDocument {
  _id: string;
  /** Incremented whenever turns are taken, for optimistic locking. */
  version: number;
  credits: Credits;
}

/** Collection `circuits`: the circuit breaker of a buyer, by `circuitId`. A buyer without recent failures has none. */
export type CircuitDocument = Circuit & { _id: string; version: number };

/**
 * Collection `answers`: how a buyer answered pings and posts in one hour. `gavel buyers list` and the daily digest show
 * it; nothing is booked or decided by it. A worker counts in memory and writes every few seconds, so that counting costs
 * no round trip per lead. A worker that is killed loses the counts of the last seconds.
 */
export interface AnswersDocument {
  /** `northwind/2026-11-28T20`, and `northwind/2026-11-28T20/test` for test leads. */
  _id: string;
  buyer: string;
  hour: Date;
  test: boolean;
  pings?: number;
  bids?: number;
  posts?: number;
  accepted?: number;
  slips?: Partial<Record<Channel, Partial<Record<AnswerFault, AnswerFaults>>>>;
}

/** Why an answer is unusable. `no_by_status`: a 4xx, which is a valid no. */
export type AnswerFault = Reason | 'no_by_status';

export interface AnswerFaults {
  count: number;
  last: { at: Date; detail?: string; id: string };
}

// Persons: `persons` for rules on duplicates, `suppressions`, and the key of their hashes in `secrets`

/**
 * Collection `persons`: who bought leads of a person, by the keyed hash of phone or e-mail. It has the posts in
 * flight and the latest sales of each contract (`SALES_KEPT`), so its size does not grow with the number of sales.
 */
export interface PersonDocument {
  /** `phone:…`, `email:…`. */
  _id: string;
  purchases: Purchase[];
}

/**
 * Collection `suppressions`: a person on a list, by phone or e-mail. Leads of persons on a seller's list, or on the list
 * of all sellers, must not be sold; leads of persons on a buyer's list are not offered to that buyer. Only the hash is
 * stored.
 */
export interface SuppressionDocument {
  /** Scope, slash, hash: a person is on a list once, and a list needs no other index. */
  _id: string;
  /** The list: a seller's code, `EVERY_SELLER`, or `buyer:ID`. */
  scope: string;
  kind: keyof PersonHashes;
  at: Date;
}

/**
 * Collection `payloads`: a request of a source that did not become a lead, or whose lead is still to be read from the
 * platform. Its body is encrypted under its own key, and the document is removed at `expiresAt`.
 */
export interface PayloadDocument {
  /** v7, so that ids are in the order of time. */
  _id: string;
  seller: string;
  source: string;
  at: Date;
  expiresAt: Date;
  /** The id of the key that it was sent with. */
  key: string;
  test: boolean;
  state: 'failed' | 'due';
  /** Why it failed; without personal data. */
  reason: string;
  /** Of a due one: when it is taken next, and how often it was. */
  dueAt?: Date;
  attempts: number;
  sealed: { key: WrappedKey; body: Binary };
}

/** Collection `secrets`: a key or secret of the whole database, wrapped by a master key. */
export interface SecretDocument {
  /**
   * `hashes`: the key of the hashes in `match`, `persons` and `suppressions`. `named/NAME` and `named/BUYER/NAME`: a
   * secret that the market file refers to by its name.
   */
  _id: 'hashes' | `named/${string}`;
  key: WrappedKey;
  /** Of a named secret. */
  name?: string;
  /** Of a named secret of a buyer's own protocol: the buyer. */
  buyer?: string;
  /** Of a named secret: when it was set. */
  setAt?: Date;
}

/** A key that is encrypted under the master key with this id. */
export interface WrappedKey {
  masterKey: string;
  wrapped: Binary;
}

// Access: `keys`

/**
 * Collection `keys`: an API key of a source, a buyer or an admin. The key itself is not stored, only its SHA-256. A fast
 * hash is enough: a key has 160 random bits, so there is no dictionary to try.
 */
export interface KeyDocument {
  /** `key_…`: the key's name in lists, logs and limits. */
  _id: string;
  hash: string;
  /** Of a source's key: the seller whose leads it sends. */
  seller?: string;
  /** Of a buyer's key: the buyer. */
  buyer?: string;
  /** Of an admin's key: the holder's name, for the audit log. */
  admin?: string;
  /** What an admin's key allows. */
  scopes?: Scope[];
  /** The name by which contracts distinguish sources; the key's id unless given. */
  source: string;
  test: boolean;
  /** Part of a source's address, `/in/{source}/{key}`, and good for nothing else. */
  address?: true;
  /** Requests per minute; absent: the default of the settings. */
  limit?: number;
  createdAt: Date;
  /** Who created it: an admin key, by its id and its name in the audit log, or a command. Absent in earlier releases. */
  madeBy?: Actor;
  expiresAt?: Date;
  revokedAt?: Date;
}

// Upkeep: `audit` and `backups`

/** Collection `audit`: an event with actor and time. Append-only; without personal data and secrets. */
export interface AuditDocument extends Actor, AuditEvent {
  /** v7, so that ids are in the order of time. */
  _id: string;
  at: Date;
}

/** An action on one object. */
export interface AuditEvent {
  kind:
    | 'seller'
    | 'buyer'
    | 'campaign'
    | 'contract'
    | 'lead'
    | 'key'
    | 'secret'
    | 'source'
    | 'suppressions'
    | 'simulation'
    | 'database';
  /** The object's id: a code, an id, a lead_id. */
  id: string;
  /** The action in one or two words: `changed`, `erased`, `paid in`. */
  did: string;
  values: AuditedValue[];
}

/** One value that an action changed. `from` is absent if it was not set before, `to` if it was removed. */
export interface AuditedValue {
  /** As in the market file: `caps.day`, `contracts`. */
  path: string;
  from?: string;
  to?: string;
}

/** Collection `backups`, one document: the last complete backup. Its age is a metric. */
export interface BackupDocument {
  _id: 'last';
  /** The time of its snapshot. */
  at: Date;
  completedAt: Date;
  documents: number;
}
