import type { Protocol } from '../../model/protocol.js';

/** boberdoo, pingPostLead: a form, answered in XML. */
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
    answer: {
      reads: 'xml',
      bid: { at: '/response/price' },
      id: { at: '/response/lead_id' },
      bidWhen: { at: '/response/status', is: ['Matched'] },
      noBidWhen: { at: '/response/status', is: ['Unmatched'] },
      reason: { at: '/response/error' },
    },
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
    answer: {
      reads: 'xml',
      acceptedWhen: { at: '/response/status', is: ['Matched'] },
      refusedWhen: { at: '/response/status', is: ['Unmatched', 'Error'] },
      reason: { at: '/response/error' },
      id: { at: '/response/lead_id' },
    },
  },
};
