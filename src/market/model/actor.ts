/** The author of a change: an admin key by its name, or the person who typed a command. */
export interface Actor {
  /**
   * The name of the admin key. For a command, the operating system's user and machine. For a message to a workflow,
   * the sender as Temporal knows it.
   */
  who: string;
  via: 'api' | 'cli' | 'temporal';
  /** The admin key's id. */
  key?: string;
}
