"""The web page: ``python -m ui [--port 7860]``, or PORT in the environment.

Exit codes: 0 done, 1 failed with one line on stderr, 2 usage, 130 on Ctrl-C with everything so far saved.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

DEFAULT_PORT = 7860


def main(arguments: Sequence[str] | None = None) -> int:
    """Parse the command line and serve."""
    parser = argparse.ArgumentParser(prog="python -m ui", description="The mock interviewer in the browser.")
    parser.add_argument("--port", type=_port, help=f"the port on 127.0.0.1 (PORT, or {DEFAULT_PORT})")
    asked = parser.parse_args(arguments)
    from interviewer.errors import InterviewerError, UserMistake
    from interviewer.process import collect_rarely

    collect_rarely()

    try:
        try:
            port = asked.port or _port(os.environ.get("PORT") or str(DEFAULT_PORT))
        except argparse.ArgumentTypeError as error:
            print(f"error: PORT {error}", file=sys.stderr)
            return 2
        from ui.server import serve

        serve(port)
    except KeyboardInterrupt:
        return 130
    except (UserMistake, InterviewerError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


def _port(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is no port; give a number from 1 to 65535")
    return int(text)


if __name__ == "__main__":
    sys.exit(main())
