/*
 * A buyer's own protocol as the market file writes it: what its requests look like, and how its answers are read. All of
 * it is data; request.ts and answer.ts compile it. docs/buyer-protocols.md describes the vocabulary.
 */

export type Scalar = string | number | boolean;

/** The structure of a body. Only its texts are templates, so a value can't leave its place. */
export type Tree = Scalar | Tree[] | { [name: string]: Tree };

/** The steps of a sale that a protocol can describe. */
export const STEPS = ['ping', 'post', 'status'] as const;
export type Step = (typeof STEPS)[number];

/** A buyer's protocol. A step without terms uses Gavel's own protocol. */
export interface Protocol {
  /** The terms that these terms are merged into. */
  preset?: string;
  /** Constants for templates: an account number, a lead type. */
  values?: Record<string, Scalar>;
  ping?: StepTerms;
  post?: StepTerms;
  status?: StepTerms;
}

export interface StepTerms {
  request?: RequestTerms;
  answer?: AnswerTerms;
  /** Recorded answers with what they mean, read at every apply. */
  samples?: AnswerSample[];
}

export const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const;

export interface RequestTerms {
  method?: (typeof METHODS)[number];
  url?: string;
  timeoutMs?: number;
  headers?: Record<string, string>;
  query?: Tree;
  json?: Tree;
  form?: Tree;
  xml?: Tree;
  soap?: SoapTerms;
  text?: string;
  auth?: AuthTerms;
}

/** The parts of a request that are its body; a request has at most one of them. */
export const BODIES = ['json', 'form', 'xml', 'soap', 'text'] as const;

export interface SoapTerms {
  version?: (typeof SOAP_VERSIONS)[number];
  action?: string;
  header?: Tree;
  body?: Tree;
}

export const SOAP_VERSIONS = ['1.1', '1.2'] as const;

/** How a request proves who sends it: one of these. */
export interface AuthTerms {
  basic?: { user?: string; password?: string };
  bearer?: string;
  header?: { name?: string; value?: string };
  query?: { name?: string; value?: string };
  oauth2?: OAuth2Terms;
}

/** OAuth 2.0 client credentials (RFC 6749, section 4.4). */
export interface OAuth2Terms {
  tokenUrl?: string;
  clientId?: string;
  clientSecret?: string;
  scope?: string;
  audience?: string;
  /** Where the client's credentials are: HTTP Basic, or the body. */
  sendIn?: (typeof CREDENTIALS_IN)[number];
}

export const CREDENTIALS_IN = ['header', 'body'] as const;

/** Where something is in an answer. */
export interface Selector {
  /** Paths: one that begins with `/` is for XML, any other one for JSON. The first that finds something counts. */
  at?: string | string[];
  /** A regular expression (RE2) on what `at` or `header` found, or on the whole answer. Its first group counts. */
  re?: string;
  header?: string;
}

/** What must hold for an outcome. */
export interface PlainCondition extends Selector {
  /** Texts, one of which is the whole value; or `any`, `other`, `number>0`. */
  is?: Scalar | Scalar[];
  status?: number[];
}

export interface Condition extends PlainCondition {
  any?: PlainCondition[];
  all?: PlainCondition[];
}

export interface BidSelector extends Selector {
  /** Absent: whole units of the currency, with decimals. */
  unit?: (typeof UNITS)[number];
  /** Absent: an amount with more decimals than the currency has can't be used. */
  round?: (typeof ROUNDINGS)[number];
  /** The currency's code, if the answer has one. Another one than the campaign's can't be used. */
  currency?: Selector;
}

export const UNITS = ['cents'] as const;
export const ROUNDINGS = ['down'] as const;
export const READS = ['auto', 'json', 'xml', 'text'] as const;
export const UNWRAPS = ['json', 'xml', 'text'] as const;

export interface AnswerTerms {
  reads?: (typeof READS)[number];
  /** The answer is inside a text of the document. */
  unwrap?: Selector & { as?: (typeof UNWRAPS)[number] };
  bid?: BidSelector;
  id?: Selector;
  redirect?: Selector;
  reason?: Selector;
  reasonElse?: string;
  /** The buyer's reasons as one word each. */
  reasons?: Record<string, string>;
  capture?: Record<string, Selector>;
  bidWhen?: Condition;
  noBidWhen?: Condition;
  acceptedWhen?: Condition;
  refusedWhen?: Condition;
  duplicateWhen?: Condition;
  pendingWhen?: Condition;
  againWhen?: Condition;
  /** Which outcome counts if several hold. Absent: `ORDER`. */
  order?: Outcome[];
}

/** The outcomes of an answer, in the order in which they count if several hold: a yes is the last of them. */
export const ORDER = ['pending', 'duplicate', 'refused', 'noBid', 'again', 'accepted', 'bid'] as const;
export type Outcome = (typeof ORDER)[number];

/** The outcomes that the answer to a step can have. */
export const OUTCOMES: Readonly<Record<Step, readonly Outcome[]>> = {
  ping: ['noBid', 'again', 'bid'],
  post: ['pending', 'duplicate', 'refused', 'again', 'accepted'],
  status: ['pending', 'duplicate', 'refused', 'again', 'accepted'],
};

/** The outcome that an answer must be able to have: without it the step has no use. */
export const YES: Readonly<Record<Step, Outcome>> = { ping: 'bid', post: 'accepted', status: 'accepted' };

/** An answer as it was recorded. */
export interface AnswerSample {
  status?: number;
  headers?: Record<string, string>;
  body?: string;
  /** `unclear`: none of the others. */
  means?: Outcome | 'unclear';
  bid?: number;
  id?: string;
  reason?: string;
  redirect?: string;
}
