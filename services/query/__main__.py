"""``python -m services.query`` serves; ``python -m services.query rebuild`` asks for a rebuild."""

from __future__ import annotations

import asyncio
import sys

from cardwright.audit.rebuild import request_rebuild
from cardwright.settings import Settings
from services.query.main import main

if sys.argv[1:] == ["rebuild"]:
    dsn = Settings.from_environment().require("database").reveal()
    number = asyncio.run(request_rebuild(dsn))
    sys.stdout.write(f"rebuild {number} is asked for; the service goes on answering meanwhile\n")
elif sys.argv[1:]:
    sys.exit("usage: python -m services.query [rebuild]")
else:
    main()
