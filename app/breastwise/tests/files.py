"""The files at the top of the repository, as tests read them."""

from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[3]


def text(name: str) -> str:
    return (REPOSITORY / name).read_text()


def env_file() -> dict[str, str]:
    """The variables of .env.prod."""
    lines = text(".env.prod").splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))
