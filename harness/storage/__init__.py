"""Files that are written once: durable, read-only, and checked before they are believed."""
