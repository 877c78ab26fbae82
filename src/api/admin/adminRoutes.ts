import type { FastifyInstance, FastifyRequest } from 'fastify';
import Type from 'typebox';
import { stringify } from 'yaml';
import { readOutboundRules } from '../../buyers/outboundRules.js';
import { openOutlets } from '../../buyers/outlets/outlets.js';
import { openSender } from '../../buyers/send.js';
import { LONGEST_TEXT } from '../../market/file/document.js';
import { auditName } from '../../store/keys/apiKeys.js';
import { SCOPE_NAMES } from '../../store/scopes.js';
import { OperationError } from '../../operations/operationError.js';
import { errorOf } from '../errorTable.js';
import { readForm } from '../http/body.js';
import type { ApiContext, RouteContext } from '../context.js';
import { auth, keyOf } from '../plugins/auth.js';
import { rateLimitHooks } from '../plugins/rateLimit.js';
import { queryOf } from '../http/requestTarget.js';
import { ADMIN_ERROR_CAUSES, COMMON_FAILURES, BODY_FAILURES, type AdminErrorKind } from './adminErrors.js';
import {
  headerName,
  inputLocation,
  type OperationContext,
  type Operation,
  type InputLocation,
} from '../../operations/operation.js';
import { OPERATIONS } from '../../operations/allOperations.js';
import { readInput } from './readInput.js';

type AdminRequest = { Params: Record<string, string>; Body: Buffer | undefined };

export async function adminRoutes(
  app: FastifyInstance,
  { context, cache, limits }: RouteContext,
): Promise<void> {
  const { settings } = context;
  const outbound = readOutboundRules(settings);
  const sender = openSender(settings);
  const outlets = openOutlets(settings, { send: sender.send });
  app.addHook('onClose', () => sender.close());
  const { limitWrites } = rateLimitHooks(limits, settings.RATE_LIMIT_PER_MINUTE, 'requests');
  await app.register(auth, {
    cache,
    limits,
    failuresPerMinute: settings.RATE_LIMIT_PER_MINUTE,
    of: 'admin',
  });
  app.addHook('onRequest', limitWrites);
  for (const operation of OPERATIONS) {
    app.route<AdminRequest>({
      method: operation.method,
      url: operation.path,
      schema: schemaOf(operation),
      bodyLimit: operation.maxBodyBytes ?? (operation.takesFile === true ? LONGEST_TEXT : SHORT_BODY),
      // Before the body is read.
      onRequest: async (request) => demandScope(request, operation),
      handler: async (request, reply) => {
        const input = await readInput(operation, request);
        const output = await operation.run(
          contextOf(context, { outbound, outlets, send: sender.send }, request),
          input,
        );
        if (operation.etagOf) reply.header('etag', `"${operation.etagOf(output)}"`);
        if (operation.returnsFile !== true || wantsJson(request)) return output;
        return reply.type('application/yaml; charset=utf-8').send(stringify(output));
      },
    });
  }
}

const SHORT_BODY = 64 * 1024;

/** @throws OperationError with the missing scope */
function demandScope(request: FastifyRequest, { scope, dryRunScope }: Operation): void {
  const { scopes = [] } = keyOf(request);
  if (scopes.includes(scope)) return;
  if (dryRunScope !== undefined && scopes.includes(dryRunScope) && isDryRun(request)) return;
  const dry = dryRunScope === undefined ? '' : ` A dry run needs only ${dryRunScope}.`;
  throw new OperationError(
    'scopeMissing',
    `The key lacks the scope ${scope}; it has ${scopes.join(', ')}.${dry} \`gavel keys create --admin\` makes one.`,
  );
}

/** Only `dry_run=true`, given once, needs the lesser scope. */
function isDryRun(request: FastifyRequest): boolean {
  const given = readForm(queryOf(request.url)).filter(([name]) => name === 'dry_run');
  return given.length === 1 && given[0]?.[1] === 'true';
}

function contextOf(
  { settings, database, starter }: ApiContext,
  servers: Pick<OperationContext, 'outbound' | 'outlets' | 'send'>,
  request: FastifyRequest,
): OperationContext {
  const own = keyOf(request);
  const { _id: key, scopes = [], expiresAt, limit } = own;
  const { TEMPORAL_UI_URL: url, TEMPORAL_NAMESPACE: namespace } = settings;
  return {
    database,
    by: { who: auditName(own), via: 'api', key },
    callerKey: { expiresAt, limit },
    scopes: SCOPE_NAMES.filter((scope) => scopes.includes(scope)),
    ...servers,
    retentionDays: settings.RETENTION_DAYS,
    isShared: true,
    publicUrl: settings.PUBLIC_URL,
    notifyWithdrawn: (leadId) => starter.notifyWithdrawn(leadId),
    resolvePost: (leadId, decision) => starter.resolvePost(leadId, decision),
    retryNow: (leadId) => starter.retryNow(leadId),
    ui: url === undefined ? undefined : { url, namespace },
  };
}

const wantsJson = ({ headers }: FastifyRequest): boolean =>
  (headers.accept ?? '').includes('application/json');

function schemaOf(operation: Operation): object {
  const { id, summary, tag, method, scope, dryRunScope, input, takesFile, failures = [] } = operation;
  const dry = dryRunScope === undefined ? '' : ` (\`${dryRunScope}\` is enough for a dry run)`;
  const schemaIn = (place: InputLocation) => {
    const there = Object.entries<Type.TSchema>(input.properties).filter(
      ([name]) => inputLocation(operation, name) === place,
    );
    const named = there.map(
      ([name, schema]) => [place === 'header' ? headerName(name) : name, schema] as const,
    );
    return there.length === 0 ? undefined : Type.Object(Object.fromEntries(named));
  };
  return {
    operationId: id,
    summary: `${summary}. Needs the scope \`${scope}\`${dry}`,
    tags: [tag],
    security: [{ adminKey: [] }],
    // Fastify warns of a schema that is undefined.
    ...definedOnly({
      params: schemaIn('path'),
      headers: schemaIn('header'),
      querystring: schemaIn('query'),
      body: takesFile === true ? input.properties.file : schemaIn('body'),
      consumes: takesFile === true ? ['application/yaml', 'application/json'] : undefined,
    }),
    response: {
      200: successResponse(operation),
      ...errorResponsesFor([...COMMON_FAILURES, ...(method === 'GET' ? [] : BODY_FAILURES), ...failures]),
    },
  };
}

const definedOnly = (values: object): object =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));

function successResponse(operation: Operation): object {
  const { output, returnsFile } = operation;
  const { $id = '', title: description = '' } = nameOf(output);
  const schema = Type.Ref($id);
  if (returnsFile !== true) return Type.Ref($id, { description });
  const headers = operation.etagOf && {
    ETag: { type: 'string', description: 'Identifies the state in the response' },
  };
  return {
    description,
    headers,
    content: { 'application/yaml': { schema }, 'application/json': { schema } },
  };
}

const nameOf = (schema: Type.TSchema): { $id?: string; title?: string } => ({ ...schema });

function errorResponsesFor(kinds: readonly AdminErrorKind[]): Record<number, Type.TSchema> {
  const byStatus = new Map<number, string[]>();
  for (const kind of new Set(kinds)) {
    const { status, error } = errorOf(kind);
    byStatus.set(status, [...(byStatus.get(status) ?? []), `\`${error}\`: ${ADMIN_ERROR_CAUSES[kind]}.`]);
  }
  return Object.fromEntries(
    [...byStatus].map(([status, lines]) => [
      status,
      Type.Ref('AdminError', { description: lines.join('\n') }),
    ]),
  );
}
