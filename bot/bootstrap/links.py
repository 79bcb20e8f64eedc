"""Looks whether pages exist, for the commands of the terminal."""

from __future__ import annotations

from bot.adapters.web_links import Page, WebLinks


def missing_pages(urls: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the pages that don't exist, and those of which nothing could be learned."""
    seen = WebLinks().pages(urls)
    missing = tuple(url for url in urls if seen[url] is Page.MISSING)
    return missing, tuple(url for url in urls if seen[url] is Page.UNKNOWN)
