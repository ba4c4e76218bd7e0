"""Slices as other scanners and other patients might give them: what a network shall not mind.

Everything takes images (N, C, 128, 128) float32 in 0..255 and places of tumour (N, 32, 32) uint8, or gives windows of
them, and draws from torch's generator.
"""

import torch
from torch.nn.functional import affine_grid, avg_pool2d, grid_sample, interpolate

# A window of a quarter of the pixels costs a quarter, and the tumour fills four times as much of it.
WINDOW = 64
GAIN, GAMMA = (0.6, 1.5), (0.65, 1.5)
# Standard deviation of the logarithm of a brightness that varies over the slice, and of a gain each channel has alone.
FIELD, CHANNEL = 0.15, 0.04
FIELD_PLACES = 4
NOISE = 5.0
ANGLE, SCALE, STRETCH, SHIFT = 0.35, (0.75, 1.3), (0.85, 1.18), 0.1
TURNED, NOISY, BLURRED, MOVED = 0.5, 0.5, 0.3, 0.2


def windows(images: torch.Tensor, places: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """A window (N, C, 64, 64) of each image that holds a place of tumour somewhere, and its places (N, 16, 16).

    Of images without tumour half are cut where another image's tumour lies, so that the place of a window tells
    little, and half anywhere, so that heart and chest wall are seen too.
    """
    across = places.shape[-1]
    step = images.shape[-1] // across
    reach = WINDOW // step
    before = torch.randint(1, reach - 1, (len(places), 2), device=places.device)
    corners = (_aims(places) - before).clamp(0, across - reach).tolist()
    cut = [image[:, step * r :, step * c :][:, :WINDOW, :WINDOW] for image, (r, c) in zip(images, corners, strict=True)]
    kept = [place[r : r + reach, c : c + reach] for place, (r, c) in zip(places, corners, strict=True)]
    return torch.stack(cut), torch.stack(kept)


def _aims(places: torch.Tensor) -> torch.Tensor:
    """Row and column (N, 2) of the place each window is to hold."""
    share, device = places.flatten(1).float(), places.device
    has = share.sum(dim=1) > 0
    aims = torch.randint(share.shape[1], (len(share),), device=device)
    if has.any():
        found = torch.multinomial(share[has], 1).squeeze(1)
        borrowed = found[torch.randint(len(found), (len(share),), device=device)]
        aims = torch.where(torch.rand(len(share), device=device) < 0.5, borrowed, aims)
        aims[has] = found
    across = places.shape[-1]
    return torch.stack([aims // across, aims % across], dim=1)


def mirror(images: torch.Tensor, places: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Each image (N, C, H, W) and its places (N, h, w) turned over up and down, left and right, or not, at random."""
    for axis in (1, 2):
        flipped = torch.rand(len(images), 1, 1, device=images.device) < 0.5
        images = torch.where(flipped[:, None], images.flip(axis + 1), images)
        places = torch.where(flipped, places.flip(axis), places)
    return images, places


def turn(images: torch.Tensor, places: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """About half of the images turned, scaled, stretched and shifted with their places; the others stay as sharp as
    they are. What comes in at the edge is air, 0. An image that would lose its tumour so stays as it is."""
    matrix = _affine(len(images), images.device)
    moved = _sampled(places[:, None].float(), matrix)[:, 0].round().to(places.dtype)
    keeps = moved.flatten(1).amax(1) >= places.flatten(1).amax(1) / 2
    chosen = keeps & (torch.rand(len(images), device=images.device) < TURNED)
    turned = torch.where(chosen[:, None, None, None], _sampled(images, matrix), images)
    return turned, torch.where(chosen[:, None, None], moved, places)


def _affine(count: int, device: torch.device) -> torch.Tensor:
    """Matrices (count, 2, 3) for ``affine_grid``, which says where each pixel of the result comes from."""
    angle = torch.empty(count, device=device).uniform_(-ANGLE, ANGLE)
    along = 1 / torch.empty(count, device=device).uniform_(*SCALE)
    across = along * torch.empty(count, device=device).uniform_(*STRETCH)
    shift = torch.empty(count, 2, device=device).uniform_(-SHIFT, SHIFT)
    rows = [along * angle.cos(), -across * angle.sin(), shift[:, 0], along * angle.sin(), across * angle.cos()]
    return torch.stack([*rows, shift[:, 1]], dim=1).view(count, 2, 3)


def _sampled(images: torch.Tensor, matrix: torch.Tensor) -> torch.Tensor:
    grid = affine_grid(matrix, list(images.shape), align_corners=False)
    return grid_sample(images, grid, align_corners=False)


def vary(images: torch.Tensor) -> torch.Tensor:
    """Images (N, C, H, W) with another brightness, noise and sharpness, and sometimes passes that moved."""
    return _rebrightened(_noisy(_moved(_blurred(images)))).clamp(0, 255)


def _rebrightened(images: torch.Tensor) -> torch.Tensor:
    """Gain, gamma and a slow field the same for the channels of a slice, and a little gain for each alone."""
    count, channels, *shape = images.shape
    ones = torch.empty(count, 1, 1, 1, device=images.device)
    gain, gamma = ones.clone().uniform_(*GAIN), ones.clone().uniform_(*GAMMA)
    field = torch.randn(count, 1, FIELD_PLACES, FIELD_PLACES, device=images.device) * FIELD
    field = interpolate(field, size=shape, mode="bicubic", align_corners=True)
    alone = torch.randn(count, channels, 1, 1, device=images.device) * CHANNEL
    return 255 * (images / 255 * gain * (field + alone).exp()).clamp(0, 1) ** gamma


def _blurred(images: torch.Tensor) -> torch.Tensor:
    share = torch.rand(len(images), 1, 1, 1, device=images.device) * _some(images, BLURRED)
    return images.lerp(avg_pool2d(images, 3, stride=1, padding=1), share)


def _noisy(images: torch.Tensor) -> torch.Tensor:
    deviation = NOISE * torch.rand(len(images), 1, 1, 1, device=images.device) * _some(images, NOISY)
    return (images + deviation * torch.randn_like(images)).abs()


def _moved(images: torch.Tensor) -> torch.Tensor:
    """Sometimes the last channel or the last two a pixel away: a patient who moved between passes."""
    images = images.clone()
    for index in _some(images, MOVED).flatten().nonzero().flatten().tolist():
        first = int(torch.randint(1, 3, ()))
        by = tuple(torch.randint(-1, 2, (2,)).tolist())
        images[index, first:] = images[index, first:].roll(by, (1, 2))
    return images


def _some(images: torch.Tensor, share: float) -> torch.Tensor:
    """(N, 1, 1, 1) of 1 for a random ``share`` of the images and 0 for the others."""
    return (torch.rand(len(images), 1, 1, 1, device=images.device) < share).float()
