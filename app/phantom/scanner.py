"""What the scanner does to the signal: coil, ghosts, motion, truncated k-space, noise."""

import cv2
import numpy as np

from phantom.canvas import View
from phantom.fields import Field
from phantom.ranges import SCANNER, draw

# Shares of the heart's ghosts and their distance, as a share of the picture.
GHOSTS = ((1.0, 0.19), (0.7, -0.23), (0.5, 0.41))
TAPS = 6  # of the truncation's kernel, to each side


class Scanner:
    def __init__(self, rng: np.random.Generator):
        self.drawn = draw(SCANNER, rng)
        self.bias, self.patches, self.fine = Field(rng, 140), Field(rng, 45), Field(rng, 2.5)
        after = np.array([0.0, 1, 1, 1])
        self.shifts = rng.standard_normal((4, 2)) * self.drawn.motion * after[:, None]
        self.stretches = np.eye(2) + rng.standard_normal((4, 2, 2)) * self.drawn.stretch * after[:, None, None]
        self.kernel = truncation(self.drawn.truncation)

    def received(self, image: np.ndarray, beating: np.ndarray, view: View) -> np.ndarray:
        """The signal (4, rows, columns) as the coil hears it, with ghosts of ``beating`` and the patient's motion."""
        plane = view.plane
        image *= (1 + self.drawn.texture * self.fine.on(plane)) * self._coil(view) * np.float32(self.drawn.brightness)
        self._smear(image, beating, view)
        for k in range(1, 4):
            moved = self._motion(k, view)
            image[k] = cv2.warpAffine(
                image[k], moved, (plane.columns, plane.rows), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
            )
        return image

    def stored(self, image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Magnitude with Rician noise as 12-bit integers; noise passes through the same truncation as the signal."""
        noise = rng.standard_normal((2, *image.shape), dtype=np.float32) * np.float32(self.drawn.noise)
        real, imaginary = image + noise[0], noise[1]
        if self.drawn.truncation < 0.98:
            for channel in (*real, *imaginary):
                cv2.sepFilter2D(channel, -1, self.kernel, self.kernel, channel, borderType=cv2.BORDER_REPLICATE)
        return np.clip(np.rint(np.hypot(real, imaginary) * np.float32(self.drawn.gain)), 0, 4095).astype(np.uint16)

    def _coil(self, view: View) -> np.ndarray:
        drawn = self.drawn
        deep = np.maximum(view.plane.y() + 30, 0)
        coil = drawn.coil_floor + (1 - drawn.coil_floor) * np.exp(-deep / np.float32(drawn.coil_reach))
        glow = np.float32(drawn.glow) * np.exp(np.maximum(view.body, 0) / np.float32(-drawn.glow_reach))
        return coil * (1 + glow) * np.exp(np.float32(drawn.bias) * self.bias.on(view.plane))

    def _smear(self, image: np.ndarray, beating: np.ndarray, view: View) -> None:
        """Ghosts of the heart along the phase encoding, haze along the other direction."""
        drawn, axis = self.drawn, 2 if self.drawn.phase == "left-right" else 1
        if drawn.haze > 0.01:
            reach = int(drawn.haze_reach / view.edge) | 1
            size = (1, reach) if axis == 2 else (reach, 1)
            image += drawn.haze * np.stack([cv2.blur(each, size, borderType=cv2.BORDER_CONSTANT) for each in image])
        if not beating.any():
            return
        smeared = image * (beating * np.float32(drawn.ghost))
        for share, turn in GHOSTS:
            image += np.float32(share) * np.roll(smeared, round(turn * image.shape[axis]), axis=axis)

    def _motion(self, k: int, view: View) -> np.ndarray:
        """Pixels of pass ``k`` from those of the patient at rest, (2, 3); stretched about the picture's middle."""
        middle = np.array([view.plane.columns, view.plane.rows]) / 2
        shift = self.shifts[k] / view.plane.dx + middle - self.stretches[k] @ middle
        return np.hstack([self.stretches[k], shift[:, None]])


def truncation(share: float) -> np.ndarray:
    """Kernel that keeps the middle ``share`` of k-space: a sinc under Lanczos' window, which rings beside edges."""
    at = np.arange(-TAPS, TAPS + 1)
    kernel = np.sinc(share * at) * np.sinc(at / (TAPS + 1))
    return (kernel / kernel.sum()).astype(np.float32)
