import Type from 'typebox';
import { urlRefusal } from '../../buyers/outboundRules.js';
import { cautionsOf } from '../../market/file/cautions.js';
import { byPosition, faultCount, type Fault } from '../../market/file/fault.js';
import { marketInFile } from '../../market/file/marketInFile.js';
import { parseMarket } from '../../market/file/parseMarket.js';
import type { MarketInFile } from '../../market/file/schema.js';
import { applyMarket, unmetByStore } from '../../store/apply.js';
import { ensureIndexes } from '../../store/db.js';
import { marketTag } from '../../store/marketTag.js';
import { readTerms } from '../../store/readMarket.js';
import { ApiError } from '../apiError.js';
import { Changed, invalidFile } from './changes.js';
import { Flag } from './inputs.js';
import { operation } from './operation.js';

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
  summary: 'The market as a market file, with every default spelt out',
  tag: 'Market',
  method: 'GET',
  path: '/admin/market',
  scope: 'market:read',
  input: Type.Object({}, { title: 'the request' }),
  givesFile: true,
  tagOf: marketTag,
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

export const putMarket = operation({
  id: 'applyMarket',
  summary: 'Make the market match a market file, all of it or, on any fault, nothing',
  tag: 'Market',
  method: 'PUT',
  path: '/admin/market',
  scope: 'market:write',
  input: Type.Object(
    {
      file: Type.String({ description: 'A market file, in YAML or JSON' }),
      prune: Type.Optional(Flag('Removes contracts and deactivates campaigns that the file does not name')),
      if_match: Type.Optional(IfMatch),
      dry_run: Type.Optional(Flag('Tells what would change, and changes nothing')),
    },
    { title: 'the request' },
  ),
  takesFile: true,
  headers: ['if_match'],
  output: Type.Object(
    {
      dry_run: Type.Boolean(),
      changes: Type.Array(Changed),
      cautions: Type.Array(Type.String(), {
        description:
          'No faults, but worth knowing: what the market reveals of persons, how long it keeps them',
      }),
    },
    { $id: 'MarketChanges', title: 'What was changed, or would be' },
  ),
  failures: ['invalidMarket', 'marketChanged'],
  async run(
    { database, by, outbound, retentionDays },
    { file, prune = false, dry_run: dryRun = false, if_match },
  ) {
    const parsed = parseMarket(file, (url) => urlRefusal(outbound, url));
    if (!('market' in parsed)) {
      const unmet = await unmetByStore(database, parsed.assumptions);
      throw invalidMarket([...parsed.faults, ...unmet].sort(byPosition));
    }
    if (!dryRun) await ensureIndexes(database);
    const ifTag = if_match === undefined ? undefined : ETAG.exec(if_match)?.[1];
    const applied = await applyMarket(database, parsed.market, { by, prune, dryRun, ifTag });
    if ('changedMeanwhile' in applied) throw marketChanged();
    if ('faults' in applied) throw invalidMarket(applied.faults);
    const { changes } = applied;
    return { dry_run: dryRun, changes, cautions: cautionsOf(parsed.market, retentionDays) };
  },
});

const marketChanged = (): ApiError =>
  new ApiError(
    'marketChanged',
    'The market has changed since you read it; nothing was changed. Read it again (GET /admin/market, `gavel market show`), make your change in it, and apply it with its ETag.',
  );

const invalidMarket = (faults: Fault[]): ApiError =>
  invalidFile(`The market file has ${faultCount(faults)}; nothing was changed.`, faults);
