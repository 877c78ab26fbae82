/** The pattern of the name that the market file has for a secret, whose value `gavel secrets set` stores. */
export const SECRET_NAME = '[A-Za-z]\\w{0,63}';
