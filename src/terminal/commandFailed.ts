/** 1: failed. 3: a dry run would change something. 4: the change was not confirmed, and not made. */
export type FailureCode = 1 | 3 | 4;

/** The command could not do what it was asked; the message is for the person who typed it. */
export class CommandFailed extends Error {
  override name = 'CommandFailed';

  constructor(
    message: string,
    readonly exitCode: FailureCode = 1,
  ) {
    super(message);
  }
}
