"""Office files are ZIP archives: measured before a parser unpacks them, so that none explodes.

Sizes in the archive's directory are checked first, then the real bytes are counted, because the
directory may lie. Knows nothing of what the parts mean.
"""

from __future__ import annotations

import zipfile
import zlib

from retrieval.errors import FileBomb, FileDamaged, FileEncrypted
from retrieval.parse.base import Source, readable_size

_MAX_ENTRIES = 20_000
_MAX_BYTES = 1 << 30
_MAX_XML_BYTES = 256 << 20
_MAX_RATIO = 300  # of a part above a megabyte; the densest honest spreadsheets reach about 60
_RATIO_FROM = 8 << 20
_BLOCK = 1 << 20


def check_archive(source: Source) -> None:
    """Read the whole archive once, counting.

    Raises:
        FileBomb: too many entries, too many bytes, too high a ratio, or an archive inside.
        FileDamaged: a part breaks off or has a wrong checksum.
        FileEncrypted: a part is encrypted.
    """
    try:
        with zipfile.ZipFile(source.path) as archive:
            entries = archive.infolist()
            if len(entries) > _MAX_ENTRIES:
                raise FileBomb(name=source.name, detail=f"{len(entries):,} entries")
            declared = sum(entry.file_size for entry in entries)
            if declared > _MAX_BYTES:
                raise FileBomb(name=source.name, detail=readable_size(declared))
            if any(entry.flag_bits & 1 for entry in entries):
                raise FileEncrypted(name=source.name)
            total = 0
            for entry in entries:
                total += _count(archive, entry, source)
                if total > _MAX_BYTES:
                    raise FileBomb(name=source.name, detail=readable_size(total))
    except (zipfile.BadZipFile, zlib.error, OSError, EOFError, NotImplementedError) as error:
        raise FileDamaged(name=source.name, detail="its archive breaks off") from error


def _count(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, source: Source) -> int:
    """Unpack one entry into nothing, and return how many bytes it held."""
    is_xml = entry.filename.endswith((".xml", ".rels"))
    count = 0
    with archive.open(entry) as part:
        while block := part.read(_BLOCK):
            count += len(block)
            dense = count > _RATIO_FROM and count > _MAX_RATIO * max(1, entry.compress_size)
            if dense or count > (_MAX_XML_BYTES if is_xml else _MAX_BYTES):
                detail = f"{readable_size(entry.compress_size)} become over {readable_size(count)}"
                raise FileBomb(name=source.name, detail=detail)
    return count
