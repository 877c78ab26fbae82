import type { SourceTerms } from '../fields/aliases.js';
import type { Condition, FieldMapping } from './fieldMapping.js';

/** How a source's requests to `/in/{source}` become leads. docs/market-file.md describes each key. */
export interface Inbound {
  /** The name of a preset whose keys hold unless they are here. */
  preset?: string;
  /** Whether the path must have an address key; by default if there is no proof and it is not open. */
  address?: boolean;
  /** Whether requests without any proof are taken. */
  open?: boolean;
  /** All of them must hold. */
  prove?: readonly Proof[];
  /** The secret of the preset's proofs, as `SecretName`. */
  secret?: string;
  challenge?: Challenge;
  reads?: 'auto' | 'json' | 'xml' | 'form' | 'multipart';
  /** Whether `a[b][c]` of a form nests. */
  brackets?: boolean;
  /** Whether files of a form are left out, or refused with their request; default `refuse`. */
  files?: 'drop' | 'refuse';
  /** The name of a text which is the document itself. */
  unwrap?: { json: string };
  /** Whether a text whose every line is `name = value` is a map. */
  subfields?: boolean;
  pairs?: readonly Pairs[];
  /** A path to several leads of one request; without any there, the document itself is the lead. */
  each?: string;
  /** Documents that are no leads. */
  ignore?: readonly Condition[];
  /**
   * Paths whose values identify the lead: together they take the place of Idempotency-Key. Of an inner list, the first
   * that is not blank.
   */
  once?: readonly (string | readonly string[])[];
  /** A lead for which any of these holds is a test. */
  test?: readonly Condition[];
  answer?: Answer;
  /** What happens to names that nothing maps. */
  rest?: 'drop' | 'keep';
  /** Whether the usual names of the standard fields are mapped (`DEFAULT_ALIASES`, and the source's own). */
  aliases?: boolean;
  fields?: Readonly<Record<string, FieldMapping>>;
  /** The request only names leads, which are then read from the platform. */
  fetch?: Fetch;
  /** A body that `gavel apply` maps. */
  sample?: string;
}

/** A list or map of name/value pairs that becomes a map. */
export interface Pairs {
  /** The name of the map; absent: its entries are beside the names of the document. */
  into?: string;
  /** Paths; the first that is there. */
  list: readonly string[];
  /** Paths in each entry, the first that is not blank; `@key` is the name of a map's entry. */
  key: readonly string[];
  /** Other lists that translate the key, such as ids to titles. */
  names?: { list: readonly string[]; key: string; value: string };
  /** Paths in each entry, `@` is the entry itself; the first that is not blank, or all paths of an inner list. */
  value: readonly (string | readonly string[])[];
  /** The choices of an entry whose values are ids of them: paths in the entry, and in each choice. */
  choices?: { list: string; key: string; value: string };
}

/**
 * How a sender proves who it is, by one of four ways: a signature (`hmac`), a fixed header or field (`equals`), or user and
 * password (`basic`). Secrets are references, `{{secret:NAME}}`. `mappingFaults` reports what is missing.
 */
export interface Proof {
  /** The hash of the HMAC, or of `over` itself if `keyless`. */
  hmac?: 'sha1' | 'sha256' | 'sha512';
  /** The signed text holds the secret itself, and is hashed without a key. */
  keyless?: boolean;
  /** Of the signature, or of the fixed value. */
  header?: string;
  encoding?: 'hex' | 'base64';
  /** Before the signature in its header. */
  prefix?: string;
  /** The name of the signature in a header of `name=value` pairs. */
  part?: string;
  /** The signed text, with {body}, {timestamp}, {method}, {uri} and {secret}; default `{body}`. */
  over?: string;
  /** Its time of sending, at most `tolerance` ago (default 5m). */
  timestamp?: { header: string; part?: string; unit?: 's' | 'ms'; tolerance?: string };
  secret?: string;
  /** A name of the body, whatever its case. */
  field?: string;
  equals?: string;
  basic?: { user: string; password: string };
}

/** How an address is verified by a GET, or by a POST before the first lead. */
export type Challenge =
  | { kind: 'meta'; secret?: string }
  | { kind: 'linkedin'; secret?: string }
  | { kind: 'get200' };

export interface Answer {
  /** The status for a lead that was taken, and for one that was refused; 200 each unless given. */
  taken?: number;
  refused?: number;
  /** A page that a person's browser is sent to (303) instead. */
  redirect?: string;
}

export interface Fetch {
  /** The path of the lead's id in the document. */
  id: string;
  /** An address with `{id}` in it. */
  url: string;
  /** The secret with the token. */
  token?: string;
  /** How the token is sent: as this query parameter, or as bearer if it is absent. */
  parameter?: string;
}

/** A source of a seller: how it names its fields, and how its requests are read if it can't send a lead as it is. */
export interface Source extends SourceTerms {
  inbound?: Inbound;
}
