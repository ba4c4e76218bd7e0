import multiprocessing
import os
import signal

from detection.workspace import delete_folders, filled_file, nameless_file, sweep, workspace
from imaging.tests.folders import FolderTestCase


def hold(root, ready):
    """Opens a workspace, writes into it, and waits to be killed."""
    with workspace(root) as folder:
        (folder / "slice").write_text("pixels")
        ready.send(folder.name)
        signal.pause()


class WorkspaceTests(FolderTestCase):
    def test_workspace_is_empty_private_and_gone_afterwards(self):
        with workspace(self.folder) as one, workspace(self.folder) as other:
            self.assertNotEqual(one, other)
            self.assertEqual((list(one.iterdir()), one.stat().st_mode & 0o777), ([], 0o700))
            (one / "file").write_text("x")
        self.assertEqual(list(self.folder.iterdir()), [])

    def test_workspace_is_gone_after_a_failure(self):
        with self.assertRaises(KeyError), workspace(self.folder) as folder:
            (folder / "pre").mkdir()
            raise KeyError
        self.assertEqual(list(self.folder.iterdir()), [])

    def test_nameless_file_is_written_and_read_and_never_in_the_folder(self):
        with nameless_file(self.folder / "new") as file:
            file.write(b"pixels")
            self.assertEqual((file.seek(0), file.read()), (0, b"pixels"))
            self.assertEqual(list((self.folder / "new").iterdir()), [])

    def test_filled_file_is_read_from_its_start(self):
        with filled_file(self.folder, lambda file: file.write(b"pixels")) as file:
            self.assertEqual(file.read(), b"pixels")

    def test_file_that_cannot_be_filled_is_closed(self):
        opened = []

        def fill(file):
            opened.append(file)
            raise OSError

        self.assertRaises(OSError, filled_file, self.folder, fill)
        self.assertTrue(opened[0].closed)

    def test_delete_folders_removes_all_that_is_in_it(self):
        (self.folder / "exam" / "pre").mkdir(parents=True)
        delete_folders(self.folder / "exam")
        self.assertEqual(list(self.folder.iterdir()), [])

    def test_delete_folders_does_not_pass_over_a_failure(self):
        with self.assertRaises(OSError):
            delete_folders(self.folder / "not there")

    def test_sweep_deletes_what_a_killed_process_left_and_nothing_in_use(self):
        here, there = multiprocessing.Pipe()
        process = multiprocessing.get_context("spawn").Process(target=hold, args=(self.folder, there))
        process.start()
        left = here.recv()
        self.assertEqual(sweep(self.folder), 0)
        os.kill(process.pid, signal.SIGKILL)
        process.join()
        self.assertEqual([each.name for each in self.folder.iterdir()], [left])
        with workspace(self.folder) as used:
            self.assertEqual(sweep(self.folder), 1)
            self.assertEqual(list(self.folder.iterdir()), [used])
