import { ApiError } from '../../operations/refusal.js';

/** @param message what to send instead, where it is not the type that is wrong */
export const unsupportedType = (
  message = 'Send application/json, application/x-www-form-urlencoded or multipart/form-data without files.',
): ApiError => new ApiError('wrongType', message);
