import type { components } from './openapi.js';

type Schemas = components['schemas'];

/** The fields of a lead; any other name is a custom field. */
export type Lead = Schemas['LeadRequest'];
/** The answer to a lead. */
export type LeadAnswer = Schemas['LeadAnswer'];
/** A lead without its person. */
export type LeadFacts = Schemas['PingRequest'];
/** What a lead would earn. */
export type PingAnswer = Schemas['PingAnswer'];
/** The current status of a lead. */
export type LeadView = Schemas['LeadView'];
/** The answer to a line of a batch. */
export type BatchResult = Schemas['BatchResult'];
/** The body of an answer that reports an error. */
export type ErrorAnswer = Schemas['ErrorAnswer'];
