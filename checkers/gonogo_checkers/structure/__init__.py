"""How code is built: trees, functions, loops, lists."""
