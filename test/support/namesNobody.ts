/** For answers about a lead that has no person. */
export const namesNobody = (): boolean => false;
