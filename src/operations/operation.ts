import Type from 'typebox';
import type { OutboundRules } from '../buyers/outboundRules.js';
import type { Outlets } from '../buyers/outlets/outlets.js';
import type { Send } from '../buyers/send.js';
import type { Actor } from '../store/audit.js';
import type { Database } from '../store/db.js';
import type { Scope } from '../store/scopes.js';
import type { LeadWorkflowCalls } from '../temporal/leadWorkflowClient.js';
import type { OperationFailure } from './operationError.js';

/** The services and the caller of an operation. */
export interface OperationContext extends LeadWorkflowCalls {
  database: Database;
  by: Actor;
  /** Permissions of the caller, which it may also grant to new keys. */
  scopes: readonly Scope[];
  /** Expiry and rate limit of the caller's key. Keys that it creates can't exceed them. */
  callerKey?: { expiresAt?: Date; limit?: number };
  /** Notifies a lead's workflow of a withdrawal, without waiting. */
  notifyWithdrawn(leadId: string): unknown;
  /** Rules for outbound addresses; a market with other addresses is rejected. */
  outbound: OutboundRules;
  /** The setting RETENTION_DAYS, if it is set. */
  retentionDays?: number;
  /** Whether the process also serves other requests; long operations are limited then. */
  isShared: boolean;
  onProgress?: (text: string) => void;
  send: Send;
  /** Delivers leads to buyers that have no server for posts. */
  outlets: Pick<Outlets, 'deliver'>;
  /** The setting PUBLIC_URL, for links to the Lead API. */
  publicUrl?: string;
  /** Temporal's UI, for links. */
  ui?: { url: string; namespace: string };
}

/**
 * One operation of ops: it is a route of the admin API, and a `gavel` command calls it, directly or with --remote.
 */
export interface Operation<In extends Type.TObject = Type.TObject, Out extends Type.TSchema = Type.TSchema> {
  id: string;
  summary: string;
  tag: string;
  method: 'GET' | 'POST' | 'PUT';
  /** `/admin/leads/:lead_id` */
  path: string;
  scope: Scope;
  /** The scope that is enough if the query has `dry_run=true`. */
  dryRunScope?: Scope;
  /** All inputs: parameters of the path, and the others in the query of a GET or in the body. */
  input: In;
  /** Whether the body is a market file or a change of one, as input `file`. Other inputs are in the query then. */
  takesFile?: boolean;
  /** Whether the response is YAML, unless the client accepts JSON. */
  returnsFile?: boolean;
  /** Inputs sent as headers: `if_match` as If-Match. */
  headers?: readonly string[];
  etagOf?(output: Type.Static<Out>): string;
  /** By default 64 KiB, or 8 MiB for a file. */
  maxBodyBytes?: number;
  /** Its name in OpenAPI is its `$id`. */
  output: Out;
  /** Errors in addition to those of every operation. */
  failures?: readonly OperationFailure[];
  /** @throws OperationError with a message for the caller */
  run(context: OperationContext, input: Type.Static<In>): Promise<Type.Static<Out>>;
}

interface Declared<In extends Type.TProperties, Out extends Type.TSchema> extends Omit<
  Operation<Type.TObject<In>, Out>,
  'input' | 'method' | 'path'
> {
  /** `GET /admin/leads/:lead_id` */
  route: `${Operation['method']} /admin/${string}`;
  input: In;
}

/** Infers the types of input and output from the schemas. */
export function operation<In extends Type.TProperties, Out extends Type.TSchema>({
  route,
  input,
  ...one
}: Declared<In, Out>): Operation<Type.TObject<In>, Out> {
  const [method, path] = route.split(' ') as [Operation['method'], string];
  return { ...one, method, path, input: Type.Object(input, { title: 'the request' }) };
}

export const pathParameters = (path: string): string[] =>
  [...path.matchAll(/:(\w+)/g)].map(([, name = '']) => name);

export type InputLocation = 'path' | 'header' | 'query' | 'body';

export const headerName = (name: string): string => name.replaceAll('_', '-');

export function inputLocation(
  { method, path, takesFile, headers = [] }: Operation,
  name: string,
): InputLocation {
  if (headers.includes(name)) return 'header';
  if (pathParameters(path).includes(name)) return 'path';
  if (takesFile === true) return name === 'file' ? 'body' : 'query';
  return method === 'GET' ? 'query' : 'body';
}
