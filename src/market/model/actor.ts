/** Who asks for a change: an admin key by its name, or the person who typed a command. */
export interface Actor {
  /**
   * The name of the admin key; of a command, the operating system's user and machine; of what was sent to a workflow, the
   * sender as Temporal knows it.
   */
  who: string;
  via: 'api' | 'cli' | 'temporal';
  /** The admin key's id. */
  key?: string;
}
