"""Types, settings, errors and the pure rules of the auth engine: no input, no output."""
