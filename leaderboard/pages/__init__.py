"""Pages: one module a page, which exposes it as `PAGE`; other modules are parts of pages."""

import pkgutil
from importlib import import_module

from leaderboard.page import Page


def find_pages() -> list[Page]:
    """The `PAGE` of every module of this package that has one, in their order."""
    modules = [import_module(f"{__name__}.{module.name}") for module in pkgutil.iter_modules(__path__)]
    pages = [module.PAGE for module in modules if hasattr(module, "PAGE")]
    return sorted(pages, key=lambda page: (page.order, page.file))
