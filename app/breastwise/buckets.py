"""The storage of ``ARCHIVES`` and ``RESULTS=s3://bucket/prefix``."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http import HTTPStatus
from typing import Any, BinaryIO

from botocore.config import Config
from botocore.exceptions import ClientError
from storages.backends.s3 import S3Storage

from breastcancer_api.stores import Gone
from imaging.lazy_file import LazyFile

# Of a storage that does not answer, the sender is to hear before a proxy gives up; botocore tries a few times.
PATIENCE = Config(connect_timeout=5, read_timeout=20)  # seconds
# Fetched at a time of an object that is read here and there: a few slices, because a request costs as much as they do.
PART_BYTES = 1 << 20
HELD = 8  # such parts remembered of an open object: the four passes of a slice lie far from each other
# Not there any more, or another is in its place.
MISSING = (HTTPStatus.NOT_FOUND, HTTPStatus.PRECONDITION_FAILED)


class Bucket(S3Storage):
    """Answers as a folder does where another process deletes an object between two questions: FileNotFoundError."""

    def __init__(self, **settings):
        super().__init__(**settings)
        self.client_config = self.client_config.merge(PATIENCE)

    def _open(self, name, mode="rb"):
        with _missing():
            opened = super()._open(name, mode)
            opened.open()  # fetches it, into a file without a name
        return opened

    def open_parts(self, name: str) -> BinaryIO:
        """As ``open``, but only the parts of the object that are read are fetched."""
        stored = self.bucket.Object(self._normalize_name(name))
        with _missing():
            stored.load()
        # asked now: boto3 forgets what it knows of an object with each request, and would fetch it anew
        part = partial(_part, stored, stored.e_tag, PART_BYTES)
        return io.BufferedReader(LazyFile(part, PART_BYTES, stored.content_length, HELD))

    def get_modified_time(self, name):
        with _missing():
            return super().get_modified_time(name)


def _part(stored: Any, e_tag: str, size: int, index: int) -> bytes:
    """Of the object as it was when it was opened, and of no other that took its place."""
    first = index * size
    with _missing():
        return stored.get(Range=f"bytes={first}-{first + size - 1}", IfMatch=e_tag)["Body"].read()


@contextmanager
def _missing() -> Iterator[None]:
    try:
        yield
    except ClientError as error:
        if error.response["ResponseMetadata"]["HTTPStatusCode"] not in MISSING:
            raise
        raise Gone from error
