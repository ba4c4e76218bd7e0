"""Our pages in a real browser at a real server: for tests of them, and for pictures of each of their states."""
