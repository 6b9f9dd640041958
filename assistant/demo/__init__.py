"""Sample files to try Sightline with: photos, documents and a voice note."""

from assistant.demo.library import (
    PHOTOS,
    DemoQuestion,
    demo_files,
    demo_questions,
    fill_demo,
)

__all__ = ["PHOTOS", "DemoQuestion", "demo_files", "demo_questions", "fill_demo"]
