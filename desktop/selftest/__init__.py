"""The program tries itself on the PC it stands on: store and key, search, letters, paper, QR code, the line, updates.

Nothing of it touches an officer's data: each step works in a throwaway profile with invented records.
"""
