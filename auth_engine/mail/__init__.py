"""Rendering mails and text messages, and the wires they leave by."""
