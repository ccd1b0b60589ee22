"""Sealed objects too large for a database row: a port and its two real implementations."""

from earwitness.storage.blobs.local import LocalBlobs
from earwitness.storage.blobs.port import BlobStore, batch_names, check_name
from earwitness.storage.blobs.s3 import S3Blobs, S3Place

__all__ = ["BlobStore", "LocalBlobs", "S3Blobs", "S3Place", "batch_names", "check_name"]
