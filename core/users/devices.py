"""A browser's description of itself, in words that its owner recognises: “Edge on Windows”."""

from core.i18n import _, _l

# First match counts: nearly every browser also claims to be Chrome or Safari, and every app to be a browser.
_BROWSERS = (
    ("MicroMessenger", _l("WeChat")),
    ("DingTalk", _l("DingTalk")),
    ("QQBrowser", _l("QQ Browser")),
    ("HuaweiBrowser", _l("Huawei Browser")),
    ("MiuiBrowser", _l("Xiaomi Browser")),
    ("UCBrowser", _l("UC Browser")),
    ("Edg", "Edge"),
    ("OPR", "Opera"),
    ("Firefox", "Firefox"),
    ("FxiOS", "Firefox"),
    ("Chrome", "Chrome"),
    ("CriOS", "Chrome"),
    ("Safari", "Safari"),
)
_SYSTEMS = (
    ("HarmonyOS", "HarmonyOS"),
    ("OpenHarmony", "HarmonyOS"),
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Macintosh", "Mac"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
)
_PHONES = {"HarmonyOS", "Android", "iPhone", "iPad"}


def describe(user_agent: str) -> str:
    """The browser and the system behind a ``User-Agent`` header; it may lie, and is only ever shown."""
    browser = next((str(name) for mark, name in _BROWSERS if mark in user_agent), "")
    system = next((name for mark, name in _SYSTEMS if mark in user_agent), "")
    if browser and system:
        return _("%(browser)s on %(system)s", browser=browser, system=system)
    return browser or system or _("Unknown browser")


def is_handheld(user_agent: str) -> bool:
    """Whether it is a phone or a tablet."""
    return any(name in _PHONES and mark in user_agent for mark, name in _SYSTEMS)
