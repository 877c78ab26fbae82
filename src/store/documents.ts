import type { Binary } from 'mongodb';
import type { OfferReason } from '../market/auction/decide.js';
import type { FieldValue } from '../market/fields/reading.js';
import type { Hold, Match } from '../market/limits/duplicates.js';
import type { LeadStatus } from '../market/model/lead.js';
import type { LeadReason, Reason } from '../market/model/reason.js';
import type { Change, Round } from '../market/model/round.js';
import type { LeadReturn, WithdrawnBy } from '../market/model/statusView.js';
import type { Minor } from '../market/money.js';
import type { Usage } from '../market/limits/usage.js';
import type { Credits } from '../market/auction/turns.js';
import type { Circuit, Line } from '../market/limits/circuitBreaker.js';
import type { Actor } from '../market/model/actor.js';
import type { Scope } from './scopes.js';
import type { Buyer, Campaign, Contract, Seller } from '../market/model/terms.js';

/**
 * A lead with everything that happened to it. The person's data are in `fields`, `sent` and `phoneE164`, and nowhere else;
 * the database has them encrypted (`StoredLead`).
 */
export interface LeadDocument {
  _id: string;
  seller: string;
  campaign: string;
  category: string;
  key: string;
  /** Who posted it: the key's name for its source. */
  source: string;
  test: boolean;
  status: LeadStatus;
  receivedAt: Date;
  updatedAt: Date;
  /** The sweep starts the lead's workflow where nothing has happened by then; absent once the lead has ended. */
  dueAt?: Date;
  /** By name: the normal form, or what was sent if it could not be read. */
  fields: Record<string, FieldValue>;
  /** Names of fields that could not be read: rules treat them as missing. */
  unread?: string[];
  /** By name: what was sent, if the stored value differs. */
  sent?: Record<string, FieldValue>;
  /** By name: how a value was read, for ops; nothing of the person. */
  notes?: Record<string, string>;
  /** Two-letter code. */
  state?: string;
  phoneE164?: string;
  /** By what the person is recognised in other leads and on lists. */
  match: Match;
  /** `KEY_RULE` when `match` was made; absent in leads of releases up to 0.1.0. */
  matchRule?: number;
  /**
   * Suppressed when it came, so its person was never stored; only the hashes in `match` say whose lead it was. Gone once
   * these are erased.
   */
  withoutPerson?: true;
  /** The person was erased; there are no fields any more. */
  erased?: Erasure;
  idempotency?: Idempotency;
  /** Of a lead erased while its request may be repeated: when `idempotency` goes too. */
  repeatsUntil?: Date;
  /** By number; the last one, others are in `rounds` (rounds.ts). Leads of earlier releases have all of theirs here. */
  rounds: Record<string, Round>;
  /** The number of the last round; absent before the first, and in leads of earlier releases. */
  lastRound?: number;
  /** By contract. */
  claims: Record<string, Claim>;
  /** How many rounds were held before a buyer gave the lead back and it went on sale again. */
  roundsBefore?: number;
  /**
   * Offers of the last round that came to nothing and whose claims are there no more: no room under a limit, or offered
   * again since.
   */
  passed?: SkippedOffer[];
  /** How many claims are `posting` or `accepted`: as many as the sale has places at the most. */
  held: number;
  /** Whether the one that holds it has it for itself alone. */
  heldAlone?: boolean;
  /** Tries at telling the seller and buyers of it, the latest of many. */
  told?: NotificationAttempt[];
  /** Contracts whose claim has ended and whose reservation is still to be confirmed or given back. */
  loose?: string[];
  /** Contracts whose posts wait for the decision of ops. */
  heldForOps?: string[];
  /** Since when it is off sale; see `withdraw`. */
  withdrawal?: Withdrawal;
  /** Why an unsold lead is so, in one word. */
  reason?: LeadReason;
  currency: string;
  /** What the seller earns, the sum over buyers. */
  price?: Minor;
  buyerIds?: string[];
  /** Sales that were given back, in the order in which that was booked; absent if there are none. */
  returns?: StoredReturn[];
}
/** A post's state: `posting` → `accepted`, `refused` or `cancelled`; an accepted one may be `returned` later. */
export type ClaimStatus = 'posting' | 'accepted' | 'refused' | 'cancelled' | 'returned';
/** A buyer's hold on the lead: made before the post is sent, found again by whoever repeats it. */
export interface Claim {
  /** Also the sale's id, where it comes to one. */
  postId: string;
  status: ClaimStatus;
  round: number;
  buyer: string;
  /** Whether the buyer gets the lead for itself alone. */
  exclusive: boolean;
  /** What the buyer pays. */
  price: Minor;
  /** What the seller earns of it. */
  earns: Minor;
  /** What both are in; absent in a claim of an earlier release, which is in the lead's. */
  currency?: string;
  at: Date;
  /** A post without a clear answer that waits for the decision of ops; `until` then it is called off. */
  held?: { since: Date; until: Date };
  /** Whether there was room under the limits, or why not: the word of the try that knew first, by which all others go. */
  room?: 'taken' | LimitRefusal;
  endedAt?: Date;
  /** The buyer's own reference. */
  buyerLeadId?: string;
  /** Why it was refused or called off, or what was not kept of a yes; for ops. */
  detail?: string;
  /** The same with the buyer's own words; erased with the person. */
  words?: string;
}
/** What came of an offer in a round. */
export interface SkippedOffer {
  round: number;
  contract: string;
  answer: OfferReason;
  detail?: string | undefined;
  /** Of a limit that left no room: when it has some again. */
  change?: Change | undefined;
}
/** The limit that left no room for a sale. */
export interface LimitRefusal {
  answer: Exclude<OfferReason, 'uncertain'>;
  detail?: string | undefined;
  /** When it has some again. */
  change?: Change | undefined;
}
/** What a request with an `Idempotency-Key` leaves in its lead; unique, so two requests make one lead. */
export interface Idempotency {
  /** Keyed hash of the API key's id and the header's value, which may name the person. */
  key: string;
  /** Keyed hash of the request's fields; absent once the person was erased. */
  fingerprint?: string;
  /** Until when the first request may still be waiting for its answer. */
  answeringUntil: Date;
}
/** A return as its lead keeps it; `returns.ts` has the booking. */
export interface StoredReturn extends LeadReturn {
  contract: string;
  /** The reason is of more than one word and the buyer's own: it stays in the database. */
  inOwnWords?: true;
}
/** Encrypted values by field name; the names themselves are the seller's words and not the person's. */
export type SealedFields = Record<string, Binary | { list: Binary }>;
/**
 * A person's data as the database has them: each value encrypted under a key that only this lead has, which in turn is
 * wrapped by a master key. Without the lead's key nothing of them can be read any more, in no copy of the database.
 */
export interface SealedPerson {
  key: WrappedKey;
  fields: SealedFields;
  /** What was sent, if the stored value differs. */
  sent?: SealedFields;
  phoneE164?: Binary;
}
/**
 * A lead as it is stored. `person` is absent if it was erased (src/store/persons/erase.ts) or never stored (`withoutPerson`). Code
 * that needs no person reads leads in this form.
 */
export type StoredLead = Omit<LeadDocument, 'fields' | 'sent' | 'phoneE164'> & { person?: SealedPerson };
/** The proof that a person was erased; it stays with the lead and tells nothing of the person. */
export interface Erasure {
  at: Date;
  /** Who did it: a person at the command line, an admin's key, or the retention. */
  by: string;
  /**
   * SHA-256 (hex) of what was destroyed, encrypted as it was: tells that a copy found elsewhere, in a backup, is of
   * these data. Absent where nothing was there to destroy.
   */
  sha256?: string;
}
/** One try at telling the seller or a buyer what has become of a lead. */
export interface NotificationAttempt {
  at: Date;
  /** `postback: sold`, `notice: won`. */
  what: string;
  /** `address 1` of the seller, or a buyer. */
  whom: string;
  heard: boolean;
  /** The code of the answer, or why there was none. */
  detail?: string | undefined;
  ms: number;
}
/** A request to take a lead off sale; from then on no claim is made and no round is held. */
export interface Withdrawal {
  at: Date;
  /** Who asked, in words: "landing (source)", "dana (api)". Absent if its person is on a suppression list, and in earlier releases. */
  by?: string;
  /** Of whom; absent in earlier releases. */
  asked?: WithdrawnBy;
  /** Its person is on a suppression list; absent if the seller or ops asked. */
  reason?: 'suppressed';
}
/*
 * A lead's document holds its last round. Those before it are in a collection of their own: a document has a largest
 * size, and a lead may have a thousand rounds of a hundred bidders.
 */
/** A round that another has followed, with its offers that came to nothing (`LeadDocument.passed`). */
export interface RoundDocument extends Round {
  /** `LEAD_ID/000123`: the rounds of a lead stand together, in order. */
  _id: string;
  lead: string;
  passed?: SkippedOffer[];
}
/** An accepted post: who, for how much. Immutable, except that `buyerLeadId` is erased with the lead's person. */
export interface SaleDocument {
  /** The post's id, made of lead and contract: a repeat can't make a second sale. */
  _id: string;
  lead: string;
  seller: string;
  campaign: string;
  contract: string;
  buyer: string;
  /** What the buyer pays. */
  price: Minor;
  /** What the seller earns of it; the rest is the house's. */
  earns: Minor;
  exclusive: boolean;
  currency: string;
  round: number;
  test: boolean;
  at: Date;
  buyerLeadId?: string;
  /** What it was counted by under the contract's caps and budgets, in which windows: given back with a return. */
  counted?: CountedUsage[];
}
/** A lead that its buyer gave back: the second booking of its sale. Immutable, except that `reason` is erased with the person. */
export interface ReturnDocument {
  /** The sale's id: a sale is given back once. */
  _id: string;
  lead: string;
  contract: string;
  buyer: string;
  reason: string;
  /** What the buyer gets back of the price. */
  refund: Minor;
  /** What the seller gives back of what it earned. */
  sellerPays: Minor;
  currency: string;
  at: Date;
  /** Whether the lead went back on sale. */
  resold: boolean;
}
/** What is booked: a sale, its return, money that a prepaid buyer pays in. */
export type BookingKind = 'sale' | 'return' | 'top_up';
/**
 * One side of a booking. The sides of a booking sum to zero: of a sale, the buyer owes (negative) what the seller and the
 * house earn.
 */
export interface EntryDocument {
  /** Booking and account: a booking made twice is the same entry. */
  _id: string;
  kind: BookingKind;
  /** The sale that it books or takes back, or the payment. */
  sale: string;
  /** `buyer:northwind`, `seller:ACME1234`, `house`, `bank`. */
  account: string;
  amount: Minor;
  currency: string;
  at: Date;
  /** Of a payment: what it is called where it came from. */
  ref?: string;
}
/** A counter, by its path in the document (`sold.day:2026-11-24`), and how much of it was taken. */
export interface CountedUsage {
  path: string;
  adds: number;
}
/** What a sale under way has taken up, so that it can be given back whatever its limits have become. */
export interface UsageReservation {
  lead: string;
  contract: string;
  at: Date;
  took: CountedUsage[];
  /** Of the buyer's balance. */
  price?: Minor;
}
/** A contract's usage by its id, or a prepaid buyer's account by `buyer:ID`. `held` is by sale. */
export type UsageDocument = Usage & {
  _id: string;
  held?: Record<string, UsageReservation>;
  /** Of an account: the sale whose buyer was told that its balance is low; gone when it has topped up. */
  low?: string;
};
/** Who holds leads of one person, by the keyed hash of its phone or e-mail: `phone:…`, `email:…`. */
export interface PersonDocument {
  _id: string;
  holds: Hold[];
}
/** Whose turn it is in a campaign that awards by turns; `version` grows with each time that turns are taken. */
export interface TurnsDocument {
  _id: string;
  version: number;
  credits: Credits;
}
/** A buyer's circuit, by `circuitId`; a buyer without one has not failed of late. */
export type CircuitDocument = Circuit & { _id: string; version: number };
/*
 * How many pings and posts each buyer answered, and how, by the hour: what `gavel buyers list` shows and what the daily
 * digest says. A worker counts in memory and writes every few seconds, so that counting costs no lead a round trip. A
 * worker that is killed loses the last seconds; nothing is booked or decided by these counts.
 */
/** Answers of one kind that could not be used. `no_by_status`: a 4xx, which is a valid no. */
export interface AnswerFaults {
  count: number;
  /** The latest of them. */
  last: { at: Date; detail?: string; id: string };
}
export type AnswerFault = Reason | 'no_by_status';
/** The counts of one buyer in one hour, of test leads apart. */
export interface AnswersDocument {
  /** `northwind/2026-11-28T20`, of test leads with `/test` after it. */
  _id: string;
  buyer: string;
  hour: Date;
  test: boolean;
  pings?: number;
  bids?: number;
  posts?: number;
  accepted?: number;
  slips?: Partial<Record<Line, Partial<Record<AnswerFault, AnswerFaults>>>>;
}
/** What has changed that leads of a campaign wait for. */
export interface MarketChangeDocument {
  /** The campaign. */
  _id: string;
  /** Those that might now take leads that wait: their terms have changed, or their buyer has paid in. */
  contracts: string[];
  /** Its terms for leads that wait are others. */
  pending?: true;
  at: Date;
  /** Until when a worker is at it. */
  leaseUntil?: Date;
}
/** How often the market was changed. Each change writes it, so that two at once are in each other's way. */
export interface MarketVersionDocument {
  _id: 'market';
  times: number;
}
/** One value that a change touched; absent where there was or is nothing. */
export interface AuditedValue {
  /** As the market file writes it: `caps.day`, `contracts`. */
  path: string;
  from?: string;
  to?: string;
}
/** What was done to one thing. */
export interface AuditEvent {
  kind:
    | 'seller'
    | 'buyer'
    | 'campaign'
    | 'contract'
    | 'lead'
    | 'key'
    | 'suppressions'
    | 'simulation'
    | 'database';
  /** Of that kind: a code, an id, a lead_id. */
  id: string;
  /** In one word or two: `changed`, `erased`, `paid in`. */
  did: string;
  values: AuditedValue[];
}
/** A deed with who did it and when. Nothing here changes it or takes it away; it holds no person's data and no secret. */
export interface AuditDocument extends Actor, AuditEvent {
  /** v7: in the order of time. */
  _id: string;
  at: Date;
}
/** The last complete backup, noted in the database: its age is a metric. */
export interface BackupDocument {
  _id: 'last';
  /** The time of its snapshot. */
  at: Date;
  completedAt: Date;
  documents: number;
}
/**
 * A key of a seller's source, of a buyer or of an admin as stored: never the key itself, only its SHA-256. A key has 160
 * random bits, so a fast hash is as good as a slow one: there is no dictionary to try.
 */
export interface KeyDocument {
  /** `key_…`: names the key in lists, logs and limits. */
  _id: string;
  hash: string;
  /** Of a key that sends a seller's leads. */
  seller?: string;
  /** Of a key with which a buyer speaks for itself. */
  buyer?: string;
  /** Of a key for the admin API: the name of who has it, which the audit tells. */
  admin?: string;
  /** What an admin key may do. */
  scopes?: Scope[];
  /** The name of the source that sends with it, for contracts to tell sources apart; the key's id unless given. */
  source: string;
  test: boolean;
  /** Requests a minute; absent: the setting's. */
  limit?: number;
  createdAt: Date;
  /** Who had it made: an admin key by its id and the name that it acts under, or a command. Absent in earlier releases. */
  madeBy?: Actor;
  expiresAt?: Date;
  revokedAt?: Date;
}
/** A key that belongs to the whole database, wrapped by a master key. */
export interface SecretDocument {
  _id: 'hashes';
  key: WrappedKey;
}
/** A key that is kept in the database, encrypted under the master key of that id. */
export interface WrappedKey {
  masterKey: string;
  wrapped: Binary;
}
/**
 * A person on a list, by phone or e-mail. Lists of sellers, and the one of every seller, have persons whose leads must not
 * be sold; a buyer's has persons that this buyer does not want. Only the hash is kept.
 */
export interface SuppressionDocument {
  /** Scope, slash, hash: a person is on a list once, and a list needs no other index. */
  _id: string;
  /** Whose list it is: a seller's code, `EVERY_SELLER`, or `buyer:ID`. */
  scope: string;
  kind: keyof Match;
  at: Date;
}
/** A buyer or a seller as stored. */
export interface WithSigning {
  _id: string;
  signing?: SigningSecrets;
  /** Of an earlier release, which kept it as it is; `wrapPlainSecrets` puts it under a master key. */
  secret?: string;
}
/** The secrets that sign what a buyer or a seller is sent, wrapped by a master key. */
export interface SigningSecrets {
  current: WrappedKey;
  /** Those before it that still sign as well, the newest first; each stops by itself. */
  previous?: { secret: WrappedKey; until: Date }[];
  /** Grows with each change, so that of two at once one is repeated. */
  version: number;
}
/** What the market file says is stored under `_id` instead of `id` or `code`. */
export type Stored<T, Id extends keyof T> = Omit<T, Id> & { _id: T[Id] & string };
export type SellerDocument = Stored<Seller, 'code'> & WithSigning;
export type BuyerDocument = Stored<Buyer, 'id'> &
  WithSigning & {
    /** Of a buyer that is billed on account: what the market file has paid in before, so that it is not paid in twice. */
    paidIn?: Minor;
  };
/** `categoryKey` is what requests are matched by. */
export type CampaignDocument = Stored<Campaign, 'id'> & { categoryKey: string };
export type ContractDocument = Stored<Contract, 'id'>;
/** Everything the store holds of the market. */
export interface StoredMarket {
  sellers: SellerDocument[];
  buyers: BuyerDocument[];
  campaigns: CampaignDocument[];
  contracts: ContractDocument[];
}
