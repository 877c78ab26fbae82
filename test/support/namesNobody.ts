/** For answers about a lead without personal data. */
export const namesNobody = (): boolean => false;
