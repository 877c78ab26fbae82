import type { Protocol } from '../../model/protocol.js';
import { boberdooJson } from './boberdooJson.js';
import { boberdooXml } from './boberdooXml.js';
import { cake } from './cake.js';
import { clickdealer } from './clickdealer.js';
import { formPipe } from './formPipe.js';
import { leadconduit } from './leadconduit.js';
import { leadexec } from './leadexec.js';
import { leadprosper } from './leadprosper.js';
import { leadsdelivery } from './leadsdelivery.js';
import { leadspedia } from './leadspedia.js';
import { oauth2Json } from './oauth2Json.js';
import { phonexa } from './phonexa.js';
import { pingtree } from './pingtree.js';
import { px } from './px.js';
import { queryStatusTag } from './queryStatusTag.js';
import { salesforceWebToLead } from './salesforceWebToLead.js';
import { soapUploadWebLead } from './soapUploadWebLead.js';
import { velocify } from './velocify.js';

/** Protocols of well-known systems, by name. They are data: a market file could have written each of them. */
export const PRESETS: Readonly<Record<string, Protocol>> = {
  'boberdoo-xml': boberdooXml,
  'boberdoo-json': boberdooJson,
  leadspedia: leadspedia,
  leadprosper: leadprosper,
  phonexa: phonexa,
  leadexec: leadexec,
  cake: cake,
  pingtree: pingtree,
  px: px,
  leadconduit: leadconduit,
  velocify: velocify,
  'salesforce-web-to-lead': salesforceWebToLead,
  'form-pipe': formPipe,
  'soap-upload-web-lead': soapUploadWebLead,
  'query-status-tag': queryStatusTag,
  leadsdelivery: leadsdelivery,
  clickdealer: clickdealer,
  'oauth2-json': oauth2Json,
};
