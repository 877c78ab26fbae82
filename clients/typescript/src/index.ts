export type { BatchLead, BatchOptions, BatchOutcome } from './batch.js';
export { GavelClient, type GavelClientOptions, type SendOptions } from './client.js';
export {
  ApiError,
  GavelError,
  InvalidLeadError,
  NoAnswerError,
  RateLimitError,
  type ErrorText,
  type FieldProblem,
} from './errors.js';
export type { RateLimit } from './pace.js';
export type { ErrorAnswer, Lead, LeadAnswer, LeadFacts, LeadView, PingAnswer } from './types.js';
