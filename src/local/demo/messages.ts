import Type from 'typebox';

/** A buyer or the source of the demo: a server on this machine, and how it behaves. */
export const DemoParty = Type.Object({
  /** A buyer's id; `source` receives the seller's postbacks. */
  id: Type.String(),
  port: Type.Integer(),
  /** What its requests are signed with. */
  secret: Type.String(),
  bid: Type.Optional(Type.Number()),
  bidsAfterMs: Type.Optional(Type.Integer()),
  /** Refuses posts of leads with this ZIP code. */
  refusesZip: Type.Optional(Type.String()),
  /** Answers posts with 503, so that it is uncertain whether it took the lead. */
  isUnclear: Type.Optional(Type.Boolean()),
});
export type DemoParty = Type.Static<typeof DemoParty>;

/** What the process of the demo's servers reports to the stack: that they listen, and each request that one answered. */
export const DemoMessage = Type.Union([
  Type.Object({ event: Type.Literal('ready') }),
  Type.Object({
    event: Type.Literal('answered'),
    party: Type.String(),
    /** `ping`, `post`, `post cancelled`, `low balance`, `postback` … */
    what: Type.String(),
    /** The lead, without personal data: "Auto Insurance · TX". */
    about: Type.String(),
    answer: Type.String(),
  }),
]);
export type DemoMessage = Type.Static<typeof DemoMessage>;
