import Type from 'typebox';
import { standardField } from '../fields/standardFields.js';
import { foldedName } from '../fields/fieldNames.js';
import type { Source } from '../mapping/inbound.js';
import type { Draft } from './draft.js';
import type { Path, Report } from './fault.js';
import { buildInbound, checkInbound, InboundInFile, inboundInFile } from './inboundValues.js';
import { line, named, SourceName, TargetField } from './values.js';

const optional = Type.Optional;

const SourceInFile = Type.Object(
  {
    aliases: optional(
      named(TargetField, {
        title: 'a map of source names to fields',
        names: line('a name that a source sends', 'vorname', 64),
        most: 200,
      }),
    ),
    defaults: optional(Type.Boolean({ title: 'true or false', examples: ['true'] })),
    inbound: optional(InboundInFile),
  },
  { title: 'a source mapping', minProperties: 1 },
);

/** A seller's settings for its sources, by name; `checkSources` checks the relations between values. */
export const SourcesOfSeller = named(SourceInFile, {
  title: 'a map of sources',
  names: SourceName,
  most: 1000,
});

export type SourcesOfSeller = Type.Static<typeof SourcesOfSeller>;

/** Reports faults between aliases, each of which has the right shape. */
export function checkSources(sources: Draft<SourcesOfSeller>, path: Path, report: Report): void {
  for (const [source, terms] of Object.entries(sources)) {
    checkAliases(terms?.aliases ?? {}, [...path, source, 'aliases'], report);
    if (terms?.inbound) checkInbound(terms.inbound, [...path, source, 'inbound'], report);
  }
}

/** Names are compared as in a request: `First Name` and `first_name` are the same. */
function checkAliases(aliases: Draft<Record<string, string>>, path: Path, report: Report): void {
  const known = new Map<string, { name: string; field: string | undefined }>();
  for (const [name, field] of Object.entries(aliases)) {
    const folded = foldedName(name);
    const before = folded === '' ? undefined : known.get(folded);
    if (standardField(name) !== undefined && name !== field)
      report(
        [...path, name],
        'is a standard field’s own name, which always means that field; remove it',
        'key',
      );
    else if (before !== undefined && before.field !== field)
      report(
        [...path, name],
        `is the same name as "${before.name}", which means ${before.field}; keep one`,
        'key',
      );
    known.set(folded, before ?? { name, field });
  }
}

/** The sources of a file without faults. */
export const buildSources = (sources: SourcesOfSeller): Record<string, Source> =>
  Object.fromEntries(
    Object.entries(sources).map(([source, { aliases, inbound, ...terms }]) => [
      source,
      {
        ...terms,
        inbound: inbound && buildInbound(inbound),
        aliases: aliases && Object.entries(aliases).map(([name, field]) => ({ name, field })),
      },
    ]),
  );

/** Sources as the file writes them. */
export const sourcesInFile = (sources: Readonly<Record<string, Source>>): SourcesOfSeller =>
  Object.fromEntries(
    Object.entries(sources).map(([source, { aliases, inbound, ...terms }]) => [
      source,
      {
        ...terms,
        inbound: inbound && inboundInFile(inbound),
        aliases: aliases && Object.fromEntries(aliases.map(({ name, field }) => [name, field])),
      },
    ]),
  );
