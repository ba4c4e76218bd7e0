"""The storage of ``ARCHIVES=s3://bucket/prefix``."""

from collections.abc import Iterator
from contextlib import contextmanager

from botocore.exceptions import ClientError
from storages.backends.s3 import S3Storage


class Bucket(S3Storage):
    """Answers as a folder does where another process deletes an object between two questions: FileNotFoundError."""

    def _open(self, name, mode="rb"):
        with _missing():
            opened = super()._open(name, mode)
            opened.open()  # fetches it, into a file without a name
        return opened

    def get_modified_time(self, name):
        with _missing():
            return super().get_modified_time(name)


@contextmanager
def _missing() -> Iterator[None]:
    try:
        yield
    except ClientError as error:
        if error.response["ResponseMetadata"]["HTTPStatusCode"] != 404:
            raise
        raise FileNotFoundError from error
