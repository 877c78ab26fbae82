import { expandInbound } from '../../market/file/inboundValues.js';
import type { Inbound } from '../../market/mapping/inbound.js';
import { compileInbound, type CompiledInbound } from '../../market/mapping/mapDocument.js';
import { cached } from '../../store/cache.js';
import type { Database } from '../../store/db.js';
import { findNamedSecret } from '../../store/keys/namedSecrets.js';
import { findInboundSource } from '../../store/market/storedTerms.js';
import type { SecretFinder } from './proof.js';

/** A source with an address of its own. */
export interface InboundSource {
  seller: string;
  name: string;
  /** With its preset. */
  inbound: Inbound;
  mapping: CompiledInbound;
}

/** Cached reads that requests of sources need. A change takes effect within 2 s. */
export interface SourceCache {
  /** By name; undefined if no seller has one with an address. */
  source(name: string): Promise<InboundSource | undefined>;
  secret: SecretFinder;
}

export function createSourceCache(database: Database): SourceCache {
  return {
    source: cached((name) => loadSource(database, name)),
    secret: cached((name) => findNamedSecret(database, name)),
  };
}

async function loadSource(database: Database, name: string): Promise<InboundSource | undefined> {
  const found = await findInboundSource(database, name);
  if (found === undefined) return undefined;
  const inbound = expandInbound(found.inbound);
  return { seller: found.seller, name, inbound, mapping: compileInbound(inbound, found.terms) };
}
