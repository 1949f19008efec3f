"""buf lint and buf breaking over a descriptor set: rules as in buf.yaml, ours alone.

buf reads the set rather than the sources, since protovalidate's schema comes from the installed
package and not from a registry.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from google.protobuf.descriptor_pb2 import FileDescriptorSet

ROOT = Path(__file__).resolve().parent.parent
PUBLISHED = ROOT / "protos" / "published.binpb"
_CONFIG = '{"version":"v2","lint":{"use":["STANDARD","COMMENTS"]},"breaking":{"use":["FILE"]}}'
_FOREIGN = ("buf/", "google/")


def _buf(*arguments: str) -> list[str]:
    done = subprocess.run(  # noqa: S603 - a pinned tool of the virtual environment
        [str(Path(sys.executable).parent / "buf"), *arguments, "--config", _CONFIG],
        capture_output=True,
        text=True,
        check=False,
    )
    said = (done.stdout + done.stderr).splitlines()
    return [line for line in said if line and not line.startswith(_FOREIGN)]


def _with_imports(image: Path) -> bytes:
    """Return what was published, with the files of others that it imports: buf wants it whole."""
    now = FileDescriptorSet.FromString(image.read_bytes())
    foreign = [file for file in now.file if file.name.startswith(_FOREIGN)]
    published = FileDescriptorSet.FromString(PUBLISHED.read_bytes())
    return FileDescriptorSet(file=[*foreign, *published.file]).SerializeToString()


def main(image: str) -> int:
    """Lint, and compare with what was published; the exit status."""
    findings = _buf("lint", image)
    with tempfile.NamedTemporaryFile(suffix=".binpb") as whole:
        whole.write(_with_imports(Path(image)))
        whole.flush()
        findings += _buf("breaking", image, "--against", whole.name)
    sys.stderr.writelines(f"{line}\n" for line in findings)
    return 1 if findings else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1]))
