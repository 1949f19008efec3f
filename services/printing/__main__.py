"""``python -m services.printing``."""

from __future__ import annotations

from services.printing.main import main

if __name__ == "__main__":
    main()
