/** Input that does not fit its schema. Never leaves the protocol room: each dialect answers with its own code. */
export class Unreadable extends Error {}
