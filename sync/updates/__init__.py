"""New versions of the program: what they are made of, whom they are taken from, and how they come to lie on a PC."""
