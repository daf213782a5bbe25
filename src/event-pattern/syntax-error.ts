/** Why a text is no event pattern, in the words that AWS writes after "Event pattern is not valid. Reason: ". */
export class PatternSyntaxError extends Error {}
