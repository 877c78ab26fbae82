import Type from 'typebox';
import { urlRefusal } from '../../buyers/outboundRules.js';
import type { Market } from '../../market/model/market.js';
import { cautionsOf } from '../../market/file/cautions.js';
import { readMarketFile } from '../../market/file/changeMarket.js';
import { faultCount, type Fault } from '../../market/file/fault.js';
import { marketInFile } from '../../market/file/marketInFile.js';
import type { MarketInFile } from '../../market/file/schema.js';
import { applyMarket } from '../../store/market/apply.js';
import type { Change } from '../../store/market/applyPlan.js';
import { ensureIndexes } from '../../store/upkeep/indexes.js';
import { marketTag, readTerms } from '../../store/market/readMarket.js';
import { ApiError } from '../refusal.js';
import { ChangeSchema, invalidMarketFile } from './marketChanges.js';
import { Flag } from '../inputs.js';
import { operation } from '../operation.js';

const list = (description: string) =>
  Type.Array(Type.Object({}, { additionalProperties: true }), { description });

/** Its keys are docs/market-file.md's; the shape that is checked is src/market/file/schema.ts. */
const File = Type.Unsafe<MarketInFile>(
  Type.Object(
    {
      sellers: list('Who sells'),
      buyers: list('Who buys'),
      campaigns: list('On which terms, with the contracts of each'),
    },
    { $id: 'Market', title: 'A market file' },
  ),
);

export const showMarket = operation({
  id: 'showMarket',
  summary: 'Show the market as a market file, with every default spelt out',
  tag: 'Market',
  method: 'GET',
  path: '/admin/market',
  scope: 'market:read',
  input: Type.Object({}, { title: 'the request' }),
  returnsFile: true,
  etagOf: marketTag,
  output: File,
  run: async ({ database }) => marketInFile(await readTerms(database)),
});

/** As HTTP has it, in quotes, or as it stands between them; a proxy that packs answers marks it as weak. */
const ETAG = /^(?:W\/)?"?([0-9a-f]{32})"?$/;

export const IfMatch = Type.Refine(
  Type.String({
    title: 'the ETag of a market',
    examples: ['"0f343b0931126a20f133d67c2b018a3b"'],
    description: 'Only if the market is still the one with this ETag',
  }),
  (text) => ETAG.test(text),
);

export const applyMarketOperation = operation({
  id: 'applyMarket',
  summary: 'Merge a market file into the market, all of it or, on any fault, nothing',
  tag: 'Market',
  method: 'PUT',
  path: '/admin/market',
  scope: 'market:write',
  dryRunScope: 'market:read',
  input: Type.Object(
    {
      file: Type.String({ description: 'A market file, in YAML or JSON' }),
      replace: Type.Optional(
        Flag('Each entry becomes exactly as in the file; without it, keys that an entry does not name stay'),
      ),
      prune: Type.Optional(Flag('Removes contracts and deactivates campaigns that the file does not name')),
      yes: Type.Optional(
        Flag('Confirms changes with `warnings`; without it, they are answered with 409 and not made'),
      ),
      if_match: Type.Optional(IfMatch),
      dry_run: Type.Optional(Flag('Answers what would change, and changes nothing')),
    },
    { title: 'the request' },
  ),
  takesFile: true,
  headers: ['if_match'],
  output: Type.Object(
    {
      dry_run: Type.Boolean(),
      etag: Type.String({
        description: 'The ETag of the market that the changes were planned for; `if_match` takes it',
      }),
      changes: Type.Array(ChangeSchema),
      cautions: Type.Array(Type.String(), {
        description:
          'Not faults, but worth knowing: what the market reveals of persons, how long it keeps them',
      }),
    },
    { $id: 'MarketChanges', title: 'What was changed, or would be' },
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
    const cautions = [...modelsIgnored(models), ...cautionsOf(changedOf(named, changes), retentionDays)];
    return { dry_run: dryRun, etag, changes, cautions };
  },
});

/** Of what the file names, what it changes. */
function changedOf(
  { campaigns, contracts }: Pick<Market, 'campaigns' | 'contracts'>,
  changes: readonly Change[],
): Pick<Market, 'campaigns' | 'contracts'> {
  const changed = new Set(
    changes.flatMap(({ kind, id, change }) => (change === 'unchanged' ? [] : `${kind} ${id}`)),
  );
  return {
    campaigns: campaigns.filter(({ id }) => changed.has(`campaign ${id}`)),
    contracts: contracts.filter(({ id }) => changed.has(`contract ${id}`)),
  };
}

const modelsIgnored = (models: readonly { id: string }[]): string[] =>
  models.map(({ id }) => `The model of contract ${id} is for \`gavel simulate\`; apply makes no use of it.`);

const confirmationNeeded = (changes: Change[]): ApiError => {
  const count = changes.filter(({ warnings }) => warnings !== undefined).length;
  const those = count === 1 ? '1 of the changes has' : `${count} of the changes have`;
  return new ApiError(
    'confirmationNeeded',
    `${those} warnings (see \`changes\`); nothing was changed. Send the file with yes=true to make the changes.`,
    { changes },
  );
};

const marketChanged = (): ApiError =>
  new ApiError(
    'marketChanged',
    'The market has changed since you read it; nothing was changed. Read it again (GET /admin/market, `gavel market show`), make your change in it, and apply it with its ETag.',
  );

const invalidMarket = (faults: Fault[]): ApiError =>
  invalidMarketFile(`The market file has ${faultCount(faults)}; nothing was changed.`, faults);
