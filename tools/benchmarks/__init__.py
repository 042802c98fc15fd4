"""The measurements of tools/bench, one module each, and what they share."""
