/** Seconds that an authorisation code may be exchanged; RFC 6749, section 4.1.2 advises ten minutes at most. */
export const codeSeconds = 60;

/** Seconds that an access token is good for. */
export const accessSeconds = 3_600;

/** Seconds after which a refresh token that nobody used ends; each renewal begins anew. */
export const refreshSeconds = 30 * 86_400;
