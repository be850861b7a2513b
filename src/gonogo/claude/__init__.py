"""The door to Claude's SDK: the only code that imports anthropic."""
