"""The storage of ``ARCHIVES=s3://bucket/prefix``."""

from collections.abc import Iterator
from contextlib import contextmanager

from botocore.config import Config
from botocore.exceptions import ClientError
from storages.backends.s3 import S3Storage

# Of a storage that does not answer, the sender is to hear before a proxy gives up; botocore tries a few times.
PATIENCE = Config(connect_timeout=5, read_timeout=20)  # seconds


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
