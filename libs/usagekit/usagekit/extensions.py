"""The ends of files' names that say which kind of file it is, and nothing of what is in it."""

from __future__ import annotations

EXTENSIONS = frozenset(
    """
    7z bak bat bin bmp bz2 c cer cfg class cmd conf cpp crt css csv dat db deb dll doc docx eml
    env exe gif git go gz h html ico ini ipynb iso jar java jpeg jpg js json jsonl jsx key kt
    lock log lua md mkv mov mp3 mp4 msg msi odp ods odt ogg p12 parquet part pdf pem pfx php pid
    pkl png ppt pptx ps1 psd py pyc pyi rar rb rpm rs rst rtf sh so sock sql sqlite sqlite3 svg
    swift tar tex tgz tif tiff tmp toml ts tsv tsx txt wav webm webp whl xls xlsx xml xz yaml
    yml zip zst
    """.split()
)


def extension(name: str) -> str:
    """The end of a file's name, with its dot; empty if it is none that is known."""
    end = name.rpartition(".")[2]
    return f".{end}" if "." in name and end.lower() in EXTENSIONS else ""
