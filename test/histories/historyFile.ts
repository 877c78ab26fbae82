import proto, { type temporal } from '@temporalio/proto';

const { History } = proto.temporal.api.history.v1;

/**
 * Formats a history as JSON, with bytes in base64. (The SDK's own conversion fails if npm installs more than one copy of
 * protobufjs.)
 */
export function toText(history: temporal.api.history.v1.IHistory): string {
  const json = History.toObject(History.fromObject(history), { longs: String, enums: String, bytes: String });
  return `${JSON.stringify(json, withoutStacks)}\n`;
}

/** Drops stack traces, because they depend on the recording machine. */
const withoutStacks = (key: string, value: unknown): unknown => (key === 'stackTrace' ? '' : value);

/** @throws Error if the text is not a history */
export const fromText = (text: string): temporal.api.history.v1.History => {
  const json: unknown = JSON.parse(text);
  if (typeof json !== 'object' || json === null || !('events' in json))
    throw new Error('The file is not a history: it has no events.');
  return History.fromObject(json);
};
