import Type from 'typebox';
import { urlRefusal } from '../../buyers/outboundRules.js';
import type { Market, Seller } from '../../market/model/market.js';
import { cautionsOf } from '../../market/file/cautions.js';
import { readMarketFile } from '../../market/file/changeMarket.js';
import { faultCount, type Fault } from '../../market/file/fault.js';
import { withPresets } from '../../market/file/inboundValues.js';
import { marketInFile } from '../../market/file/marketInFile.js';
import type { MarketInFile } from '../../market/file/schema.js';
import { applyMarket } from '../../store/market/apply.js';
import type { Change } from '../../store/market/applyPlan.js';
import { ensureIndexes } from '../../store/upkeep/indexes.js';
import { marketTag, readTerms } from '../../store/market/readMarket.js';
import { marketAt } from '../../store/market/versions.js';
import { OperationError } from '../operationError.js';
import { ChangeSchema, invalidMarketFile } from './marketChanges.js';
import { missingSecrets } from './missingSecrets.js';
import { Flag } from '../inputs.js';
import { operation } from '../operation.js';
import { VersionNumber, versionOf } from './versionsOperations.js';

const list = (description: string) =>
  Type.Array(Type.Object({}, { additionalProperties: true }), { description });

/** docs/market-file.md describes the keys; src/market/file/schema.ts validates them. */
const File = Type.Unsafe<MarketInFile>(
  Type.Object(
    {
      sellers: list('Sellers'),
      buyers: list('Buyers'),
      campaigns: list('Campaigns with their contracts'),
    },
    { $id: 'Market', title: 'A market file' },
  ),
);

export const showMarket = operation({
  id: 'showMarket',
  summary: 'Show the market as a market file, with all defaults',
  tag: 'Market',
  route: 'GET /admin/market',
  scope: 'market:read',
  input: {
    version: Type.Optional(VersionNumber('An earlier version; by default the current one')),
    expanded: Type.Optional(Flag('With the keys of the sources’ presets written out')),
  },
  returnsFile: true,
  etagOf: marketTag,
  output: File,
  failures: ['notFound'],
  async run({ database }, { version, expanded = false }) {
    if (version !== undefined) await versionOf(database, version);
    const market = version === undefined ? await readTerms(database) : await marketAt(database, version);
    return marketInFile(expanded ? withPresets(market) : market);
  },
});

/** With or without quotes. A proxy that compresses responses marks it as weak. */
const ETAG = /^(?:W\/)?"?([0-9a-f]{32})"?$/;

export const IfMatch = Type.Refine(
  Type.String({
    title: 'the ETag of a market',
    examples: ['"0f343b0931126a20f133d67c2b018a3b"'],
    description: 'Apply only if the market still has this ETag',
  }),
  (text) => ETAG.test(text),
);

export const applyMarketOperation = operation({
  id: 'applyMarket',
  summary: 'Merge a market file into the market; with any fault, nothing is changed',
  tag: 'Market',
  route: 'PUT /admin/market',
  scope: 'market:write',
  dryRunScope: 'market:read',
  input: {
    file: Type.String({ description: 'A market file, in YAML or JSON' }),
    replace: Type.Optional(
      Flag('Replaces entries with those of the file; by default, keys that an entry omits are kept'),
    ),
    prune: Type.Optional(Flag('Removes contracts and deactivates campaigns that are not in the file')),
    yes: Type.Optional(
      Flag('Confirms changes with `warnings`; without it, the response is 409 and nothing is changed'),
    ),
    if_match: Type.Optional(IfMatch),
    dry_run: Type.Optional(Flag('Returns the changes without making them')),
  },
  takesFile: true,
  headers: ['if_match'],
  output: Type.Object(
    {
      dry_run: Type.Boolean(),
      etag: Type.String({
        description: 'The ETag of the market for which the changes were planned, for `if_match`',
      }),
      changes: Type.Array(ChangeSchema),
      cautions: Type.Array(Type.String(), {
        description:
          'Cautions about personal data (what the market reveals, and how long it is kept) and about secrets that are not stored',
      }),
    },
    { $id: 'MarketChanges', title: 'Executed or planned changes' },
  ),
  failures: ['invalidMarket', 'marketChanged', 'confirmationNeeded'],
  async run(
    { database, by, outbound, retentionDays },
    { file: text, replace, prune, yes, dry_run: dryRun = false, if_match },
  ) {
    if (!dryRun) await ensureIndexes(database);
    const file = readMarketFile(text);
    const applied = await applyMarket(database, file, {
      by,
      replace,
      prune,
      dryRun,
      confirmed: yes,
      ifTag: if_match === undefined ? undefined : ETAG.exec(if_match)?.[1],
      urlRefusal: (url) => urlRefusal(outbound, url),
    });
    if ('changedMeanwhile' in applied) throw marketChanged();
    if ('faults' in applied) throw invalidMarket(applied.faults);
    if ('unconfirmed' in applied) throw confirmationNeeded(applied.unconfirmed.changes);
    const { changes, tag: etag, named, models } = applied;
    const changed = changedOf(named, changes);
    const cautions = [
      ...modelsIgnored(models),
      ...cautionsOf(changed, retentionDays),
      ...(await missingSecrets(database, changed)),
    ];
    return { dry_run: dryRun, etag, changes, cautions };
  },
});

/** What an apply creates or changes: of a seller, these sources; of a buyer, it or one of its contracts. */
function changedOf({ sellers, buyers, campaigns, contracts }: Market, changes: readonly Change[]): Market {
  const changed = new Map(
    changes.flatMap((one) => (one.change === 'unchanged' ? [] : [[`${one.kind} ${one.id}`, one]])),
  );
  const ofContracts = contracts.filter(({ id }) => changed.has(`contract ${id}`));
  const theirBuyers = new Set(ofContracts.map(({ buyer }) => buyer));
  return {
    sellers: sellers.map((seller) => ({
      ...seller,
      sources: changedSources(seller, changed.get(`seller ${seller.code}`)),
    })),
    buyers: buyers.filter(({ id }) => changed.has(`buyer ${id}`) || theirBuyers.has(id)),
    campaigns: campaigns.filter(({ id }) => changed.has(`campaign ${id}`)),
    contracts: ofContracts,
  };
}

function changedSources({ sources = {} }: Seller, change: Change | undefined): Seller['sources'] {
  if (change?.change === 'created') return sources;
  const paths = change?.change === 'changed' ? Object.keys(change.fields) : [];
  return Object.fromEntries(
    Object.entries(sources).filter(([name]) => paths.some((path) => path.startsWith(`sources.${name}.`))),
  );
}

const modelsIgnored = (models: readonly { id: string }[]): string[] =>
  models.map(
    ({ id }) => `The model of contract ${id} is only for \`gavel simulate\`; \`gavel apply\` ignores it.`,
  );

const confirmationNeeded = (changes: Change[]): OperationError => {
  const count = changes.filter(({ warnings }) => warnings !== undefined).length;
  const those = count === 1 ? '1 of the changes has' : `${count} of the changes have`;
  return new OperationError(
    'confirmationNeeded',
    `${those} warnings (see \`changes\`). Nothing was changed. Send the file with yes=true to make the changes.`,
    { changes },
  );
};

const marketChanged = (): OperationError =>
  new OperationError(
    'marketChanged',
    'The market has changed since you read it. Nothing was changed. Read it again (GET /admin/market, `gavel market show`), repeat your change, and apply it with the new ETag.',
  );

const invalidMarket = (faults: Fault[]): OperationError =>
  invalidMarketFile(`The market file has ${faultCount(faults)}; nothing was changed.`, faults);
