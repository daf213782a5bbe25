/**
 * The modules that functions with inline code find beside it, with the names and parameters that AWS documents. They send the answer of a custom
 * resource to the address that came with the request.
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cfn-lambda-function-code-cfnresponsemodule.html
 */

export const CFN_RESPONSE_JS = `'use strict'

exports.SUCCESS = 'SUCCESS'
exports.FAILED = 'FAILED'

// Resolves when the answer has been taken; older handlers leave it at the call, so it ends their invocation too where the runtime can.
exports.send = function (event, context, responseStatus, responseData, physicalResourceId, noEcho) {
  const body = Buffer.from(
    JSON.stringify({
      Status: responseStatus,
      Reason: 'See the details in CloudWatch Log Stream: ' + context.logStreamName,
      PhysicalResourceId: physicalResourceId || context.logStreamName,
      StackId: event.StackId,
      RequestId: event.RequestId,
      LogicalResourceId: event.LogicalResourceId,
      NoEcho: noEcho || false,
      Data: responseData,
    }),
  )
  const url = new URL(event.ResponseURL)
  const { request } = url.protocol === 'http:' ? require('http') : require('https')
  const end = function () {
    if (typeof context.done === 'function') context.done()
  }
  return new Promise(function (resolve) {
    const sent = request(url, { method: 'PUT', headers: { 'content-type': '', 'content-length': body.length } }, function (response) {
      response.resume()
      response.on('end', function () {
        console.log('Status code: ' + response.statusCode)
        resolve()
        end()
      })
    })
    sent.on('error', function (error) {
      console.log('send(..) failed: ' + error.message)
      resolve()
      end()
    })
    sent.end(body)
  })
}
`

export const CFN_RESPONSE_PY = `import json
import urllib.request

SUCCESS = "SUCCESS"
FAILED = "FAILED"


def send(event, context, responseStatus, responseData, physicalResourceId=None, noEcho=False, reason=None):
    body = json.dumps({
        "Status": responseStatus,
        "Reason": reason or "See the details in CloudWatch Log Stream: " + context.log_stream_name,
        "PhysicalResourceId": physicalResourceId or context.log_stream_name,
        "StackId": event["StackId"],
        "RequestId": event["RequestId"],
        "LogicalResourceId": event["LogicalResourceId"],
        "NoEcho": noEcho,
        "Data": responseData,
    }).encode("utf-8")
    request = urllib.request.Request(
        event["ResponseURL"], data=body, method="PUT", headers={"content-type": "", "content-length": str(len(body))}
    )
    try:
        with urllib.request.urlopen(request) as response:
            print("Status code:", response.status)
    except Exception as error:
        print("send(..) failed:", error)
`
