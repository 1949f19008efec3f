"""Generate libs/cardwright/proto from protos/, or check that it is current (--check).

protovalidate's own schema (buf/validate/validate.proto) is taken from the descriptor that the
installed protovalidate package carries, so the rules compiled here are the rules it enforces.
"""

from __future__ import annotations

import argparse
import filecmp
import re
import shutil
import sys
import tempfile
from importlib import resources
from pathlib import Path

from google.protobuf import descriptor_pb2
from grpc_tools import protoc
from protovalidate._gen.buf.validate import validate_pb

ROOT = Path(__file__).resolve().parent.parent
SOURCES = ROOT / "protos"
PUBLISHED = SOURCES / "published.binpb"
TARGET = ROOT / "libs" / "cardwright" / "proto"
_IMPORT = re.compile(r"^(from|import) (cardwright|buf)\.", re.MULTILINE)
_SERVICE = re.compile(r"^service ", re.MULTILINE)
_PACKAGE_DOC = '"""Generated from protos/; do not edit."""\n'


def _validate_descriptor(folder: Path) -> Path:
    """Write protovalidate's schema, with what it imports, as a descriptor set."""
    own = descriptor_pb2.FileDescriptorProto()
    own.ParseFromString(validate_pb.desc().proto.to_binary())
    imports = descriptor_pb2.FileDescriptorSet()
    include = resources.files("grpc_tools") / "_proto"
    for name in own.dependency:
        part = folder / "part.binpb"
        _protoc(f"-I{include}", f"--descriptor_set_out={part}", "--include_imports", name)
        imports.MergeFromString(part.read_bytes())
    known: dict[str, descriptor_pb2.FileDescriptorProto] = {f.name: f for f in imports.file}
    whole = descriptor_pb2.FileDescriptorSet(file=[*known.values(), own])
    path = folder / "validate.binpb"
    path.write_bytes(whole.SerializeToString())
    return path


def _protoc(*args: str) -> None:
    if protoc.main(["protoc", *args]) != 0:
        raise SystemExit("protoc failed; its message stands above")


def _rewrite_imports(folder: Path) -> None:
    """Move the generated packages under cardwright.proto, where no other package can clash."""
    for path in [*folder.rglob("*.py"), *folder.rglob("*.pyi")]:
        path.write_text(_IMPORT.sub(_moved, path.read_text()))


def _moved(match: re.Match[str]) -> str:
    return f"{match.group(1)} cardwright.proto." + ("buf." if match.group(2) == "buf" else "")


def generate(target: Path) -> None:
    """Write all generated modules into ``target``."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        out = folder / "out"
        out.mkdir()
        sources = sorted(str(p.relative_to(SOURCES)) for p in SOURCES.rglob("*.proto"))
        services = [name for name in sources if _SERVICE.search((SOURCES / name).read_text())]
        common = (
            f"--descriptor_set_in={_validate_descriptor(folder)}",
            f"-I{SOURCES}",
        )
        _protoc(*common, f"--python_out={out}", f"--pyi_out={out}", *sources)
        _protoc(*common, f"--python_out={out}", f"--pyi_out={out}", "buf/validate/validate.proto")
        _protoc(*common, f"--grpc_python_out={out}", f"--mypy_grpc_out={out}", *services)
        _rewrite_imports(out)
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(out / "cardwright", target)
        shutil.copytree(out / "buf", target / "buf")
        for package in [target, *(p for p in target.rglob("*") if p.is_dir())]:
            (package / "__init__.py").write_text(_PACKAGE_DOC)


def image(path: Path, *options: str) -> None:
    """Write a descriptor set of our own files; ``options`` are protoc's."""
    with tempfile.TemporaryDirectory() as scratch:
        sources = sorted(str(p.relative_to(SOURCES)) for p in SOURCES.rglob("*.proto"))
        _protoc(
            f"--descriptor_set_in={_validate_descriptor(Path(scratch))}",
            f"-I{SOURCES}",
            f"--descriptor_set_out={path}",
            *options,
            *sources,
        )


def _differences(comparison: filecmp.dircmp[str]) -> list[str]:
    found = [*comparison.left_only, *comparison.right_only, *comparison.diff_files]
    for sub in comparison.subdirs.values():
        found += _differences(sub)
    return [name for name in found if name != "__pycache__"]


def main() -> int:
    """Entry point of ``make protos`` and of the check in ``make lint``."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="fail if the committed code differs")
    parser.add_argument("--image", type=Path, help="write a descriptor set for buf instead")
    parser.add_argument(
        "--publish", action="store_true", help=f"write {PUBLISHED.name}, which nobody may break"
    )
    options = parser.parse_args()
    if options.publish:
        image(PUBLISHED)
        return 0
    if options.image:
        image(options.image, "--include_imports", "--include_source_info")
        return 0
    if not options.check:
        generate(TARGET)
        return 0
    with tempfile.TemporaryDirectory() as scratch:
        fresh = Path(scratch) / "proto"
        generate(fresh)
        stale = _differences(filecmp.dircmp(fresh, TARGET))
    for name in stale:
        sys.stderr.write(f"{name} differs from what protos/ generate: run `make protos`\n")
    return 1 if stale else 0


if __name__ == "__main__":
    raise SystemExit(main())
