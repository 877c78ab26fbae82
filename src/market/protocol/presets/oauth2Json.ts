import type { AuthTerms, Protocol } from '../../model/protocol.js';

const OAUTH2: AuthTerms = {
  oauth2: {
    tokenUrl: 'https://auth.buyer.example/oauth/token',
    clientId: '{{ values.client }}',
    clientSecret: '{{ secret.CLIENT }}',
    scope: 'leads:write',
  },
};

/** A JSON API behind OAuth 2.0 that answers by HTTP status and bids in cents. */
export const oauth2Json: Protocol = {
  ping: {
    request: {
      auth: OAUTH2,
      json: {
        product: '{{ values.product }}',
        location: { state: '{{ lead.state }}', postalCode: '{{ lead.zip | zip5 }}' },
      },
    },
    answer: {
      reads: 'json',
      bid: { at: 'offer.amountInCents', unit: 'cents', currency: { at: 'offer.currency' } },
      id: { at: 'offer.reference' },
      bidWhen: { at: 'decision', is: ['bid'] },
      noBidWhen: { at: 'decision', is: ['pass'] },
      reason: { at: 'reasons[0]' },
    },
  },
  post: {
    request: {
      auth: OAUTH2,
      headers: { 'Idempotency-Key': '{{ post_id }}' },
      json: {
        bidReference: '{{ ping.id }}',
        contact: {
          name: { given: '{{ lead.firstName }}', family: '{{ lead.lastName }}' },
          phones: [{ type: 'mobile', e164: '{{ lead.phone | phone: e164 }}' }],
          email: '{{ lead.email }}',
        },
        location: { state: '{{ lead.state }}', postalCode: '{{ lead.zip | zip5 }}' },
      },
    },
    answer: {
      reads: 'json',
      acceptedWhen: { status: [201] },
      duplicateWhen: { status: [409] },
      refusedWhen: { status: [422, 400, 404] },
      againWhen: { status: [401] },
      reason: { at: 'errors[0].code' },
      id: { header: 'location' },
    },
  },
};
