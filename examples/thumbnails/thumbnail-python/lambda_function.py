"""Reads each image that arrived and writes a 200-pixel-wide copy into the bucket named SOURCE-resized."""

import os
import tempfile
from urllib.parse import unquote_plus

import boto3
from PIL import Image

THUMBNAIL_WIDTH_PX = 200

s3 = boto3.client("s3")


def lambda_handler(event, context):
    written = []
    for record in event["Records"]:
        bucket = record["s3"]["bucket"]["name"]
        key = unquote_plus(record["s3"]["object"]["key"])
        target_bucket, target_key = f"{bucket}-resized", f"resized-{key}"
        with tempfile.TemporaryDirectory() as directory:
            original = os.path.join(directory, "original")
            thumbnail = os.path.join(directory, "thumbnail")
            s3.download_file(bucket, key, original)
            with Image.open(original) as image:
                height_px = max(1, round(image.height * THUMBNAIL_WIDTH_PX / image.width))
                image.resize((THUMBNAIL_WIDTH_PX, height_px)).save(thumbnail, format=image.format)
                content_type = Image.MIME[image.format]
            s3.upload_file(thumbnail, target_bucket, target_key, ExtraArgs={"ContentType": content_type})
        print(f"Resized {bucket}/{key} into {target_bucket}/{target_key}")
        written.append({"Bucket": target_bucket, "Key": target_key})
    return written
