"""Places of tumour for tests."""

import torch


def places_at(*where) -> torch.Tensor:
    """(N, 32, 32) with all of one place tumour in each; None for an image without."""
    places = torch.zeros(len(where), 32, 32, dtype=torch.uint8)
    for each, place in zip(places, where, strict=True):
        if place:
            each[place] = 255
    return places
