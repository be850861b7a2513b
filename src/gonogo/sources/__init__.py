"""Where exchanges and scorecards come from: files, folders, URLs and standard input."""
