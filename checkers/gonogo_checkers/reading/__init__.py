"""How a response is read: its code, its prose, its languages, its words."""
