"""The disciplines by which courses are found: the 19 专业大类 of vocational education, and what is common to all.

Source: 教育部《职业教育专业目录（2021年）》, 教职成〔2021〕2号, whose 高等职业教育专科专业 part numbers its 大类 41 to
59 (the 职业本科 and 中职 parts divide the same 19 fields as 21–39 and 61–79). One list for everybody: a second one,
such as the 门类 of ordinary universities, would put a course into two places. What belongs to no field (mathematics,
Chinese, physical education …) is 公共基础课程, as in the national programme for online courses.
"""

from typing import Any

from core.i18n import _l

SUBJECTS: dict[str, Any] = {
    "41": _l("Agriculture, forestry and fishery"),
    "42": _l("Resources, environment and safety"),
    "43": _l("Energy, power and materials"),
    "44": _l("Civil engineering and architecture"),
    "45": _l("Water conservancy"),
    "46": _l("Equipment manufacturing"),
    "47": _l("Biology and chemical engineering"),
    "48": _l("Light industry and textiles"),
    "49": _l("Food, medicines and grain"),
    "50": _l("Transport"),
    "51": _l("Electronics and information"),
    "52": _l("Medicine and health"),
    "53": _l("Finance, economics and trade"),
    "54": _l("Tourism"),
    "55": _l("Culture and art"),
    "56": _l("News and communication"),
    "57": _l("Education and sports"),
    "58": _l("Public security and justice"),
    "59": _l("Public administration and services"),
    "common": _l("Foundation courses for all"),
}
"""Code → name in the reader's language; the order is the catalogue's."""


def subject_name(code: str) -> Any:
    """The name of a discipline; empty where none was chosen or the code is unknown."""
    return SUBJECTS.get(code, "")
