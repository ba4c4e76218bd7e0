"""The secret key of an installation that was given none."""

import os
import secrets
from pathlib import Path


def kept_secret(file: Path) -> str:
    """The secret in ``file``; made and written there, readable by its owner alone, when there is none yet."""
    file.parent.mkdir(parents=True, exist_ok=True)
    if not file.exists():
        # written aside and linked, so that of several processes at a first start one wins and all read the same
        draft = file.with_name(f"{file.name}.{os.getpid()}")
        draft.touch(mode=0o600)
        draft.write_text(secrets.token_urlsafe(50))
        try:
            os.link(draft, file)
        except FileExistsError:
            pass  # another process was first
        finally:
            draft.unlink()
    return file.read_text()
