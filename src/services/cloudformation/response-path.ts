/** Where custom resources and wait conditions are answered: the listener must route PUT requests to the engine's door for them. */
export const RESPONSE_PATH = '/_millrace/cloudformation/'
