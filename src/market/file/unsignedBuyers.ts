import Type from 'typebox';
import Value from 'typebox/value';
import { STEPS, type Step } from '../model/protocol.js';
import { presetOf } from '../protocol/protocol.js';
import type { MarketFile } from './changeMarket.js';

const Steps = { ping: Type.Unknown(), post: Type.Unknown(), status: Type.Unknown() };
const OwnProtocol = Type.Partial(Type.Object({ preset: Type.String(), ...Steps }));
type OwnProtocol = Type.Static<typeof OwnProtocol>;

const Buyers = Type.Object({
  buyers: Type.Array(
    Type.Object({
      id: Type.String(),
      protocol: Type.Optional(OwnProtocol),
      notices: Type.Optional(Type.Unknown()),
      ...Type.Partial(Type.Object(Steps)).properties,
    }),
  ),
});

/**
 * The buyers of a market file that get no signed message: their own protocol has a request for each of their addresses,
 * and they get no notices.
 */
export function unsignedBuyers({ value }: Pick<MarketFile, 'value'>): string[] {
  if (!Value.Check(Buyers, value)) return [];
  return value.buyers.flatMap(({ id, protocol, notices, ...addresses }) => {
    const isSigned = (step: Step): boolean => addresses[step] !== undefined && !describes(protocol, step);
    return protocol === undefined || notices !== undefined || STEPS.some(isSigned) ? [] : [id];
  });
}

const describes = (protocol: OwnProtocol | undefined, step: Step): boolean =>
  protocol?.[step] !== undefined || presetOf(protocol?.preset ?? '')?.[step] !== undefined;
