import Type from 'typebox';
import Value from 'typebox/value';

/** The person of docs/source.md, who wants to be called about an insurance. */
export const PERSON = {
  firstName: 'John',
  lastName: 'Doe',
  email: 'john.doe@email.com',
  phone: '555-123-4567',
  state: 'TX',
  zip: '75001',
  city: 'Dallas',
};

/** The first request of docs/source.md, as it stands there. */
export const SAMPLE = { seller: 'ACME1234', category: 'Auto Insurance', ...PERSON };

const Answer = Type.Object({
  success: Type.Boolean(),
  lead_id: Type.String(),
  status: Type.String(),
  price: Type.Optional(Type.Number()),
  buyer_ids: Type.Optional(Type.Array(Type.String())),
});

/** What the source was answered, as sent, and after how long, ms. */
export interface SampleAnswer {
  status: number;
  text: string;
  /** Absent if the lead was refused. */
  answer?: Type.Static<typeof Answer>;
  ms: number;
}

/** Sends the sample lead to the API, as a source would. */
export async function sendSample(api: string, key: string): Promise<SampleAnswer> {
  const started = performance.now();
  const response = await fetch(`${api}/api/leads`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify(SAMPLE),
  });
  const text = await response.text();
  const ms = Math.round(performance.now() - started);
  const answer: unknown = response.ok ? JSON.parse(text) : undefined;
  return { status: response.status, text, answer: Value.Check(Answer, answer) ? answer : undefined, ms };
}

export function sampleCurl(api: string, key: string): string {
  return `curl -sS ${api}/api/leads -H 'Authorization: Bearer ${key}' -H 'Content-Type: application/json' -d '${JSON.stringify(SAMPLE)}'`;
}
