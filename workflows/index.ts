/** The workflows that a worker runs. */
export { digest } from './digest.js';
export { distributeLead } from './lead.js';
export { mail } from './mail.js';
export { pricePing } from './ping.js';
export { retention } from './retention.js';
