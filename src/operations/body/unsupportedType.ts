import { OperationError } from '../operationError.js';

/** @param message what to send instead */
export const unsupportedType = (
  message = 'Send application/json, application/x-www-form-urlencoded or multipart/form-data without files.',
): OperationError => new OperationError('wrongType', message);
