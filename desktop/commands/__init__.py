"""The verbs of the command line, a file a verb or family. ``verbs`` is the table, ``run`` the way in."""
