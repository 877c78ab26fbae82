import type Type from 'typebox';
import type { OutboundRules } from '../buyers/outboundRules.js';
import type { Send } from '../buyers/send.js';
import type { Actor } from '../store/audit.js';
import type { Database } from '../store/db.js';
import type { Scope } from '../store/scopes.js';
import type { LeadWorkflowCalls } from '../temporal/leadWorkflowCalls.js';
import type { OperationFailure } from './refusal.js';

/** Where an operation is done, and for whom. */
export interface OperationContext extends LeadWorkflowCalls {
  database: Database;
  by: Actor;
  /** What the caller may do, and hand out to others. */
  scopes: readonly Scope[];
  /** The end and the limit of the caller's own key, which no key that it makes exceeds. */
  callerKey?: { expiresAt?: Date; limit?: number };
  /** Notifies a lead's workflow that the lead was withdrawn; does not wait until it has got it. */
  notifyWithdrawn(leadId: string): unknown;
  /** Which servers may be spoken to: a market that names others is refused. */
  outbound: OutboundRules;
  /** The setting RETENTION_DAYS, if it is set. */
  retentionDays?: number;
  /** Whether others wait for the same process: what takes long is bounded then. */
  isShared: boolean;
  /** Is told how far it is, by what takes long. */
  onProgress?: (text: string) => void;
  /** Speaks to sellers' servers, where the guard on outbound addresses lets it. */
  send: Send;
  /** Where Temporal's UI is, for links. */
  ui?: { url: string; namespace: string };
}

/**
 * One thing that ops can ask for or do: a route of the admin API, and what a command of `gavel` does, on the database or
 * by a remote admin API alike.
 */
export interface Operation<In extends Type.TObject = Type.TObject, Out extends Type.TSchema = Type.TSchema> {
  id: string;
  summary: string;
  tag: string;
  method: 'GET' | 'POST' | 'PUT';
  /** `/admin/leads/:lead_id` */
  path: string;
  scope: Scope;
  /** Which scope is enough if the query has `dry_run=true`. */
  dryRunScope?: Scope;
  /** Everything that is asked with: what the path names, the rest in the query of a GET, in the body of others. */
  input: In;
  /** Whether the body is a market file or a change of one, the input `file`; the rest is in the query then. */
  takesFile?: boolean;
  /** Whether it is answered as YAML unless JSON is asked for. */
  returnsFile?: boolean;
  /** Inputs that travel as headers: `if_match` as If-Match. */
  headers?: readonly string[];
  /** Names the state that is answered; sent as ETag. */
  etagOf?(output: Type.Static<Out>): string;
  /** Bytes; 64 KiB unless given, of a file 8 MiB. */
  maxBodyBytes?: number;
  /** Named by its `$id`. */
  output: Out;
  /** In which ways it may fail beside those that every operation has. */
  failures?: readonly OperationFailure[];
  /** @throws ApiError with a message for whoever asks */
  run(context: OperationContext, input: Type.Static<In>): Promise<Type.Static<Out>>;
}

/** Lets the types of input and output follow from the schemas. */
export const operation = <In extends Type.TObject, Out extends Type.TSchema>(
  one: Operation<In, Out>,
): Operation<In, Out> => one;

/** The names in a path, in order. */
export const pathParameters = (path: string): string[] =>
  [...path.matchAll(/:(\w+)/g)].map(([, name = '']) => name);

export type InputLocation = 'path' | 'header' | 'query' | 'body';

/** The header that an input travels as. */
export const headerName = (name: string): string => name.replaceAll('_', '-');

/** Where each input of an operation travels. */
export function inputLocation(
  { method, path, takesFile, headers = [] }: Operation,
  name: string,
): InputLocation {
  if (headers.includes(name)) return 'header';
  if (pathParameters(path).includes(name)) return 'path';
  if (takesFile === true) return name === 'file' ? 'body' : 'query';
  return method === 'GET' ? 'query' : 'body';
}
