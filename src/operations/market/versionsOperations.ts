import Type from 'typebox';
import type { Database } from '../../store/db.js';
import type { AuditEvent, MarketVersionDocument } from '../../store/documents.js';
import { findVersion, listVersions, marketAt, marketDifference } from '../../store/market/versions.js';
import { Limit, ObjectId } from '../inputs.js';
import { operation } from '../operation.js';
import { notFound, type OperationError } from '../operationError.js';
import { ChangedValues } from '../auditOperations.js';

const optional = Type.Optional;

/** The first market has thousands of objects; the list names the first of them. */
const MOST_NAMED = 20;

export const VersionNumber = (description: string) =>
  Type.Integer({ title: 'the number of a version', examples: [41], minimum: 0, description });

const made = {
  version: Type.Integer({ description: 'Its number' }),
  at: Type.String({ description: 'When it was made' }),
  who: optional(
    Type.String({ description: 'The name of the admin key, or user and machine of the command' }),
  ),
  via: optional(Type.Enum(['api', 'cli', 'temporal'], { type: 'string' })),
  key_id: optional(Type.String({ description: 'The admin key' })),
  whole: optional(
    Type.Boolean({ description: 'An earlier release made it: author and changes are not known' }),
  ),
};

const changed = { kind: Type.String(), id: Type.String(), did: Type.String() };

const Listed = Type.Object({
  ...made,
  count: Type.Integer({ description: 'The number of changed objects' }),
  changes: Type.Array(Type.Object(changed), { description: `The first ${MOST_NAMED} changed objects` }),
});
export type MarketVersionView = Type.Static<typeof Listed>;

export const showMarketVersions = operation({
  id: 'listMarketVersions',
  summary: 'List the versions of the market, newest first, with author and changed objects',
  tag: 'Market',
  route: 'GET /admin/market/versions',
  scope: 'market:read',
  input: {
    of: optional(ObjectId('Only versions that changed the object with this id')),
    before: optional(VersionNumber('Only earlier versions than this one')),
    limit: optional(Limit),
  },
  output: Type.Object(
    {
      versions: Type.Array(Listed),
      more: Type.Boolean({ description: 'Whether there are earlier versions' }),
    },
    { $id: 'MarketVersions', title: 'Versions of the market' },
  ),
  async run({ database }, { of, before, limit = 50 }) {
    const found = await listVersions(database, { of, before }, limit + 1);
    return {
      versions: found.slice(0, limit).map((one) => ({
        ...header(one),
        count: one.changes.length,
        changes: one.changes.slice(0, MOST_NAMED),
      })),
      more: found.length > limit,
    };
  },
});

const Shown = Type.Object(
  {
    ...made,
    since: Type.Integer({ description: 'The version that it is compared with' }),
    changes: Type.Array(Type.Object({ ...changed, values: ChangedValues }), { description: 'What differs' }),
  },
  { $id: 'MarketVersion', title: 'A version of the market' },
);
export type MarketVersionChanges = Type.Static<typeof Shown>;

export const showMarketVersion = operation({
  id: 'showMarketVersion',
  summary: 'Show what differs between a version of the market and an earlier one',
  tag: 'Market',
  route: 'GET /admin/market/versions/:version',
  scope: 'market:read',
  input: {
    version: VersionNumber('The version'),
    since: optional(VersionNumber('The version to compare it with; by default the one before')),
  },
  output: Shown,
  failures: ['notFound'],
  async run({ database }, { version, since = Math.max(version - 1, 0) }) {
    const found = await versionOf(database, version);
    // Version 0 is the empty market unless an earlier release stored one.
    const other = since === 0 ? undefined : await findVersion(database, since);
    if (other === undefined && found.whole === true) return { ...header(found), since, changes: [] };
    if (other === undefined && since > 0) throw notRecorded(since);
    const [before, after] = [await marketAt(database, since), await marketAt(database, version)];
    return { ...header(found), since, changes: marketDifference(before, after).map(view) };
  },
});

/** @throws OperationError if the version is not recorded */
export async function versionOf(database: Database, version: number): Promise<MarketVersionDocument> {
  const found = await findVersion(database, version);
  if (found === undefined) throw notRecorded(version);
  return found;
}

const notRecorded = (version: number): OperationError =>
  notFound(`No version ${version} of the market is recorded. \`gavel market versions\` lists them.`);

const header = ({ _id, at, who, via, key, whole }: MarketVersionDocument) => ({
  version: _id,
  at: at.toISOString(),
  who,
  via,
  key_id: key,
  whole,
});

const view = ({ kind, id, did, values }: AuditEvent) => ({ kind, id, did, values });
