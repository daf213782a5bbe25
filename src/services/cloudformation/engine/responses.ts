/** Where the listener must route PUT requests to {@link Responses.put}. */
export const RESPONSE_PATH = '/_millrace/cloudformation/'

export interface ResponseReply {
  readonly status: number
  readonly text: string
}

export declare class Responses {
  /** Takes an answer; undefined for what is no address of this service. `target` is the raw request target. */
  put(target: string, body: Uint8Array): Promise<ResponseReply | undefined>
}
