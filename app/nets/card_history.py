"""How a network came about, as its card tells it (``Card.made_by``)."""

from collections.abc import Iterator, Mapping


def runs(made_by: Mapping | str) -> Iterator[Mapping]:
    """Each training, the last one first; what the first of them started from is a text."""
    while isinstance(made_by, Mapping):
        yield made_by
        made_by = made_by.get("started_from", "")


def saw_phantoms_only(made_by: Mapping) -> bool:
    """Whether a network and those it started from were trained on phantoms and nothing else, as far as is known."""
    return all(run.get("data", {}).get("source", {}).get("kind") == "phantoms" for run in runs(made_by))
