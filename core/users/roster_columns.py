"""What the columns of a roster mean: headings and roles as schools, Excel, SDS and OneRoster write them."""

import re
import unicodedata

from core.institutions.models import InstitutionRole

NOISE = re.compile(r"[\s_\-*:：.。'’\"“”/、]+")
IN_BRACKETS = re.compile(r"[(（\[【].*?[)）\]】]")

HEADINGS: dict[str, tuple[str, ...]] = {
    "name": (
        *("姓名", "名字", "学生姓名", "教师姓名", "学员姓名", "真实姓名", "用户姓名", "人员姓名", "中文名"),
        *("name", "fullname", "displayname", "studentname", "teachername", "realname"),
    ),
    "family": ("姓", "姓氏", "lastname", "familyname", "surname", "last"),
    "given": ("名", "firstname", "givenname", "forename", "first"),
    "middle": ("中间名", "middlename", "middlenames", "middle"),
    "external_id": (
        *(
            "学号",
            "工号",
            "学工号",
            "学号工号",
            "工号学号",
            "教工号",
            "职工号",
            "学籍号",
            "编号",
            "用户编号",
            "人员编号",
        ),
        *("学生编号", "教师编号", "学员编号", "number", "sisid", "sourcedid", "externalid", "personid", "idnumber"),
        *("studentnumber", "teachernumber", "studentid", "teacherid", "staffid", "employeeid", "employeenumber"),
        *("identifier", "userid", "no", "id"),
    ),
    "email": (
        *("邮箱", "电子邮箱", "电子邮件", "邮件", "邮箱地址", "电子邮件地址", "email", "emailaddress", "mail"),
        *("primaryemail", "userprincipalname", "upn"),
    ),
    "other_email": ("备用邮箱", "secondaryemail", "alternateemail"),
    "username": (
        *("用户名", "账号", "帐号", "账户", "登录名", "登录账号", "登录帐号", "用户账号"),
        *("username", "login", "loginname", "account", "accountname", "useraccount"),
    ),
    "role": ("角色", "身份", "人员类型", "用户类型", "类型", "role", "usertype", "persontype"),
    "class_name": (
        *("班级", "行政班", "行政班级", "所在班级", "班级名称", "专业班级", "自然班", "教学班"),
        *("class", "classname", "classgroup", "homeroom", "group"),
    ),
    "grade": ("年级", "grade", "grades", "gradelevel"),
    "status": ("status", "状态", "在籍状态", "学籍状态", "在职状态"),
    "enabled": ("enableduser", "isactive", "启用"),
}
"""What we keep of a person, and the headings under which files give it: the earlier in the list, the surer.

A password is not among them, so that none is ever kept.
"""

_FIELDS = {heading: (field, place) for field, headings in HEADINGS.items() for place, heading in enumerate(headings)}

ROLES: dict[str, InstitutionRole] = {
    **dict.fromkeys(
        ("学生", "学员", "本科生", "专科生", "研究生", "student", "students", "learner", "pupil", "s"),
        InstitutionRole.STUDENT,
    ),
    **dict.fromkeys(
        (
            *("教师", "老师", "讲师", "教员", "任课教师", "授课教师", "主讲教师", "教授", "副教授", "助教", "班主任"),
            *("teacher", "teachers", "instructor", "lecturer", "faculty", "professor", "staff", "aide", "t"),
        ),
        InstitutionRole.INSTRUCTOR,
    ),
    **dict.fromkeys(
        (
            *("管理员", "机构管理员", "学校管理员", "系统管理员", "超级管理员", "教务管理员"),
            *("admin", "administrator", "siteadministrator", "districtadministrator", "systemadministrator"),
            "schooladministrator",
        ),
        InstitutionRole.ADMINISTRATOR,
    ),
}

LEFT = frozenset(
    ("inactive", "deleted", "tobedeleted", "withdrawn", "graduated", "left", "离校", "毕业", "退学", "离职", "停用")
)
NO = frozenset(("false", "0", "no", "n", "否"))

_CJK = re.compile("[\u3400-\u9fff\uac00-\ud7a3\u3040-\u30ff]")


def plain(text: str) -> str:
    """A heading or a role in the form in which the tables above have it."""
    text = IN_BRACKETS.sub("", unicodedata.normalize("NFKC", text))
    return NOISE.sub("", text).lower()


def fields_of(headings: list[str]) -> dict[str, int]:
    """Which column holds what: field → index. Of several that could be the same field the surest wins."""
    found: dict[str, tuple[int, int]] = {}
    for index, heading in enumerate(headings):
        field, place = _FIELDS.get(plain(heading), (None, 0))
        if field is not None and (field not in found or place < found[field][0]):
            found[field] = (place, index)
    return {field: index for field, (_place, index) in found.items()}


def full_name(given: str, middle: str, family: str) -> str:
    """The parts of a name in the order in which their language says it: 欧阳 + 娜娜, Ora + Christopher + Klein."""
    if _CJK.search(family) or (not family and _CJK.search(given)):
        return family + given + middle
    return " ".join(part for part in (given, middle, family) if part)


def role_of_file(name: str, headings: list[str]) -> InstitutionRole | None:
    """The role that everybody in a file has, where the file is about teachers or students only."""
    words = {plain(heading) for heading in headings}
    stem = plain(name.rsplit("/", 1)[-1].rsplit(".", 1)[0])
    if words & {"teachernumber", "工号", "教工号", "职工号"} or stem.startswith(("teacher", "教师", "老师", "教职工")):
        return InstitutionRole.INSTRUCTOR
    if words & {"studentnumber"} or stem.startswith(("student", "学生", "学员")):
        return InstitutionRole.STUDENT
    return None


def about_other_things(headings: list[str]) -> str | None:
    """``schools``, ``classes`` or ``enrolments`` for the tables of SDS and OneRoster that list no people."""
    words = {plain(heading) for heading in headings}
    if words & {"sectionsisid", "classsourcedid"}:
        return "enrolments"
    if "sectionname" in words or {"orgsourcedid", "title", "sourcedid"} <= words or "classcode" in words:
        return "classes"
    if words & {"schoolnumber", "principalsisid", "schoolncesid"} or {"sourcedid", "name", "type"} <= words:
        return "schools"
    return None
