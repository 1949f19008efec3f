"""What printing touches: the catalogue on disk, worker processes, printers."""
