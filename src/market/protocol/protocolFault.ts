/** A fault of a template, an expression or a selector, with its remedy. */
export class ProtocolFault extends Error {
  override name = 'ProtocolFault';
}
