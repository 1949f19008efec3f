"""``python -m services.logistics``."""

from __future__ import annotations

from services.logistics.main import main

if __name__ == "__main__":
    main()
