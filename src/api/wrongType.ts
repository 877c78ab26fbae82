import { ApiError } from './apiError.js';

export const wrongType = (): ApiError =>
  new ApiError(
    'wrongType',
    'Send application/json, application/x-www-form-urlencoded or multipart/form-data without files.',
  );
