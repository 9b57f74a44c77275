"""The pipeline: an ask and a caller in, bytes out."""
