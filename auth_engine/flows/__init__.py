"""One file for each thing that a visitor can do: its body, and the flow from body to outcome."""
