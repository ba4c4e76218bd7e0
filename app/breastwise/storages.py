"""Where archives wait for a worker and pictures are kept: a folder, or a bucket of an S3-compatible storage."""

from breastwise.env import BUCKET

SPOOLED_BYTES = 16_000_000  # more of an object that is fetched goes to a file


def storage(place: str) -> dict:
    """The entry of Django's STORAGES for ``place``, a folder's path or ``s3://bucket/prefix``.

    Credentials, region and endpoint of S3 come from the usual AWS_* variables.
    """
    if not place.startswith(BUCKET):
        options = {
            "location": place,
            "allow_overwrite": True,
            "file_permissions_mode": 0o600,
            "directory_permissions_mode": 0o700,
        }
        return {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": options}
    bucket, _, prefix = place.removeprefix(BUCKET).partition("/")
    options = {"bucket_name": bucket, "location": prefix.rstrip("/"), "max_memory_size": SPOOLED_BYTES}
    return {"BACKEND": "breastwise.buckets.Bucket", "OPTIONS": options}
