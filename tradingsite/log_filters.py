"""What the logs leave out."""

import logging


class RefusalsInOneLine(logging.Filter):
    """A request that is refused (403, 404) is a line; a traceback is for what broke here."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Take the traceback off what is less than an error; drop nothing."""
        if record.levelno < logging.ERROR:
            record.exc_info, record.exc_text = None, None
        return True
