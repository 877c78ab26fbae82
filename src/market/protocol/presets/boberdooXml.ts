import type { AnswerTerms, Protocol } from '../../model/protocol.js';
import { DUPLICATE, REFUSED } from './words.js';

/** An installation answers in XML or in JSON, as it is set or asked to. */
const SAID: AnswerTerms = {
  reads: 'auto',
  id: { at: ['/response/lead_id', 'response.lead_id'] },
  reason: {
    at: [
      '/response/error',
      '/response/errors/error',
      '/response/process_information/unmatched_reason',
      'response.error',
      'response.errors',
    ],
  },
};
const STATUS = ['/response/status', 'response.status'];

export const BOBERDOO_PING: AnswerTerms = {
  ...SAID,
  bid: { at: ['/response/price', '/response/cost', 'response.price', 'response.cost'] },
  bidWhen: { at: STATUS, is: ['Matched'] },
  noBidWhen: { at: STATUS, is: ['Unmatched', 'Error', ...REFUSED, ...DUPLICATE] },
};

export const BOBERDOO_POST: AnswerTerms = {
  ...SAID,
  acceptedWhen: { at: STATUS, is: ['Matched'] },
  duplicateWhen: { at: STATUS, is: DUPLICATE },
  refusedWhen: { at: STATUS, is: ['Unmatched', 'Error', ...REFUSED] },
};

/** boberdoo, pingPostLead: a form, answered in XML or JSON. */
export const boberdooXml: Protocol = {
  ping: {
    request: {
      form: {
        Key: '{{ secret.KEY }}',
        API_Action: 'pingPostLead',
        Mode: 'ping',
        Return_Best_Price: '1',
        TYPE: '{{ values.TYPE }}',
        SRC: '{{ values.SRC }}',
        Test_Lead: { value: '1', onlyFor: 'test' },
        Landing_Page: '{{ lead.landingPage }}',
        IP_Address: '{{ lead.ip }}',
        Zip: '{{ lead.zip | zip5 }}',
        State: '{{ lead.state }}',
        TCPA_Consent: 'Yes',
      },
    },
    answer: BOBERDOO_PING,
  },
  post: {
    request: {
      form: {
        Key: '{{ secret.KEY }}',
        API_Action: 'pingPostLead',
        Mode: 'post',
        Lead_ID: '{{ ping.id }}',
        TYPE: '{{ values.TYPE }}',
        SRC: '{{ values.SRC }}',
        Test_Lead: { value: '1', onlyFor: 'test' },
        Landing_Page: '{{ lead.landingPage }}',
        IP_Address: '{{ lead.ip }}',
        First_Name: '{{ lead.firstName }}',
        Last_Name: '{{ lead.lastName }}',
        Primary_Phone: '{{ lead.phone | phone: national }}',
        Email: '{{ lead.email }}',
        City: '{{ lead.city }}',
        State: '{{ lead.state }}',
        Zip: '{{ lead.zip | zip5 }}',
        TCPA_Consent: 'Yes',
        TCPA_Language: '{{ lead.tcpaText }}',
        Trusted_Form_URL: '{{ lead.trustedFormCertUrl }}',
      },
    },
    answer: BOBERDOO_POST,
  },
};
