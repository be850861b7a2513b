"""What code refers to: packages, modules, members, arguments."""
