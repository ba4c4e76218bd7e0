from django.core.management import CommandError, call_command
from django.test import SimpleTestCase

REFUSED = {
    ("--drawn", "--rows", "128"): "--rows does not go with --drawn",
    ("--drawn", "--tumours", "0"): "--tumours does not go with --drawn",
    ("--tree", "t", "--out", "a.zip"): "--out does not go with --tree",
    ("--tree", "t", "--breasts-down"): "--breasts-down does not go with --tree",
    ("--whole",): "--whole does not go with an exam that is not drawn",
    ("--exams", "3"): "--exams does not go with an exam that is not drawn",
    ("--slices", "0"): "--slices begins at 1",
}


class PhantomCommandTests(SimpleTestCase):
    def test_refuses_options_that_would_change_nothing(self):
        for arguments, reason in REFUSED.items():
            with self.subTest(arguments), self.assertRaisesMessage(CommandError, reason):
                call_command("phantom", "--seed", "1", *arguments)
