import Type from 'typebox';

/** How a demo buyer behaves: its bid where it is asked, and after how long, ms. */
export const DemoBuyer = Type.Object({
  id: Type.String(),
  port: Type.Integer(),
  /** What its requests are signed with. */
  secret: Type.String(),
  bid: Type.Optional(Type.Number()),
  after: Type.Integer(),
});
export type DemoBuyer = Type.Static<typeof DemoBuyer>;

/** What the process of the demo buyers tells the stack: that they listen, and each thing one of them did. */
export const DemoMessage = Type.Union([
  Type.Object({ event: Type.Literal('ready') }),
  Type.Object({
    event: Type.Union([Type.Literal('ping'), Type.Literal('post'), Type.Literal('post_cancelled')]),
    buyer: Type.String(),
    /** What it was about, without the person: "Auto Insurance · TX". */
    about: Type.String(),
    answer: Type.String(),
  }),
]);
export type DemoMessage = Type.Static<typeof DemoMessage>;
