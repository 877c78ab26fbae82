/*
 * Outlets: how leads of a contract reach a buyer that has no server for posts. docs/decisions/outlets.md has the choices.
 */

/** Exactly one channel, and what is sent by it. */
export interface Outlet {
  /** E-mail by the operator's SMTP server. `digest`: when leads are sent together (calendar/digestTime.ts). */
  email?: { to: string[]; digest?: string };
  /** A CSV file for each lead, over SFTP. */
  sftp?: {
    host: string;
    port?: number;
    user: string;
    /** `SHA256:` and the base64 hash of the server's key, as ssh-keygen prints it. */
    hostKey: string;
    /** Absent: the user's home. */
    directory?: string;
  };
  /** A CSV file for each lead, in S3-compatible storage. */
  s3?: {
    /** Of the service, without the bucket. */
    url: string;
    bucket: string;
    region: string;
    /** The name of a key in the setting S3_KEYS. */
    key: string;
    /** Before the file's name. */
    prefix?: string;
  };
  /** A row as JSON, for spreadsheets and automation services. */
  webhook?: { url: string };
  /** An incoming webhook of Slack. */
  slack?: { url: string };
  /** The fields that are sent, in this order; absent: all fields of the lead. */
  fields?: string[];
  /** Time limit of a delivery, ms. */
  timeoutMs: number;
}

/** The channels; an outlet has one of them. */
export const OUTLET_CHANNELS = ['email', 'sftp', 's3', 'webhook', 'slack'] as const;
export type OutletChannel = (typeof OUTLET_CHANNELS)[number];

/** The channel of an outlet. */
export const channelOf = (outlet: Partial<Outlet>): OutletChannel | undefined =>
  OUTLET_CHANNELS.find((channel) => outlet[channel] !== undefined);
