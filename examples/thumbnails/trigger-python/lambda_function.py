"""Looks at the object that arrived and logs its content type."""

from urllib.parse import unquote_plus

import boto3

s3 = boto3.client("s3")


def lambda_handler(event, context):
    change = event["Records"][0]["s3"]
    bucket, key = change["bucket"]["name"], unquote_plus(change["object"]["key"])
    try:
        response = s3.get_object(Bucket=bucket, Key=key)
    except Exception:
        print(f"Could not read {key} of {bucket}: does it exist, in this region, and may this role read it?")
        raise
    print("CONTENT TYPE: " + response["ContentType"])
    return response["ContentType"]
