"""The one error that says: the data are missing or broken."""


class DataError(ValueError):
    """Data that are missing, broken or not what they should be; the message is one sentence for the reader."""
