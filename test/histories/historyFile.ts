import proto, { type temporal } from '@temporalio/proto';

const { History } = proto.temporal.api.history.v1;

/**
 * A history as the text of a file: protobuf's messages as JSON, bytes in base64. (The SDK's own conversion fails where
 * npm installs more than one copy of protobufjs.)
 */
export function toText(history: temporal.api.history.v1.IHistory): string {
  const json = History.toObject(History.fromObject(history), { longs: String, enums: String, bytes: String });
  return `${JSON.stringify(json, withoutStacks)}\n`;
}

/** Where an error was thrown is a matter of the machine that recorded it. */
const withoutStacks = (key: string, value: unknown): unknown => (key === 'stackTrace' ? '' : value);

/** @throws Error where the text is no history */
export const fromText = (text: string): temporal.api.history.v1.History => {
  const json: unknown = JSON.parse(text);
  if (typeof json !== 'object' || json === null || !('events' in json))
    throw new Error('This is no history.');
  return History.fromObject(json);
};
