/** The command could not do what it was asked; the message is for the person who typed it. */
export class CommandFailed extends Error {
  override name = 'CommandFailed';
}
