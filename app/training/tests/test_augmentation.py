import torch
from django.test import SimpleTestCase

from training.augmentation import mirror, turn, vary, windows
from training.tests.places import places_at


class VaryTests(SimpleTestCase):
    def test_values_change_and_stay_within_range(self):
        torch.manual_seed(0)
        images = torch.randint(0, 256, (6, 3, 16, 16)).float()
        changed = vary(images)
        self.assertTrue(((changed >= 0) & (changed <= 255)).all())
        self.assertFalse(any(torch.equal(*pair) for pair in zip(changed, images, strict=True)))

    def test_uptake_from_channel_to_channel_survives(self):
        torch.manual_seed(0)
        images = torch.tensor([40.0, 80.0, 60.0])[None, :, None, None].expand(200, 3, 16, 16)
        first, second, third = vary(images).mean((2, 3)).T
        self.assertTrue((second > 1.2 * first).all() and (third > first).all() and (second > third).all())


class TurnTests(SimpleTestCase):
    def test_tumour_and_its_place_move_together(self):
        torch.manual_seed(0)
        places = places_at(*[(10, 20)] * 100)
        images = torch.nn.functional.interpolate(places[:, None].float(), scale_factor=4)
        turned, moved = turn(images, places)
        self.assertTrue(30 < sum(not torch.equal(*pair) for pair in zip(moved, places, strict=True)) < 70)
        for image, place in zip(turned[:, 0], moved, strict=True):
            found = (image == image.max()).nonzero().float().mean(0) / 4
            there = (place == place.max()).nonzero().float().mean(0) + 0.5
            self.assertLess((found - there).abs().max(), 1.5)

    def test_no_image_loses_its_tumour(self):
        torch.manual_seed(0)
        places = places_at(*[(0, 31)] * 100)
        _, moved = turn(torch.zeros(100, 3, 128, 128), places)
        self.assertTrue((moved.flatten(1).amax(1) >= 127).all())


class MirrorTests(SimpleTestCase):
    def test_places_turn_over_with_their_image_and_each_way_occurs(self):
        torch.manual_seed(0)
        places = places_at(*[(3, 10)] * 64)
        images = torch.nn.functional.interpolate(places[:, None].float(), scale_factor=4)
        turned, moved = mirror(images, places)
        self.assertTrue(torch.equal(turned[:, 0, ::4, ::4], moved.float()))
        self.assertEqual(
            {tuple(where) for where in moved.nonzero()[:, 1:].tolist()}, {(3, 10), (28, 10), (3, 21), (28, 21)}
        )


class WindowsTests(SimpleTestCase):
    def test_window_holds_the_tumour_and_its_place_wherever_it_lies(self):
        torch.manual_seed(0)
        for place in ((0, 0), (16, 16), (31, 1)):
            image = torch.zeros(1, 1, 128, 128)
            image[0, 0, 4 * place[0], 4 * place[1]] = 1
            for _ in range(20):
                cut, kept = windows(image, places_at(place))
                self.assertEqual((cut.shape, kept.shape), ((1, 1, 64, 64), (1, 16, 16)))
                self.assertEqual((cut.nonzero()[0, 2:] // 4).tolist(), kept.nonzero()[0, 1:].tolist())

    def test_images_without_tumour_are_cut_where_anothers_lies_and_anywhere(self):
        torch.manual_seed(0)
        images = torch.arange(128.0).expand(200, 1, 128, 128)
        left = windows(images, places_at((16, 1), *[None] * 199))[0][1:, 0, 0, 0]
        self.assertTrue(90 < (left == 0).sum() < 160)
        self.assertTrue((left > 50).any())

    def test_batch_without_any_tumour_is_cut_anywhere(self):
        self.assertEqual(windows(torch.zeros(2, 3, 128, 128), places_at(None, None))[0].shape, (2, 3, 64, 64))
