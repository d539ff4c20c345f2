"""What a row says of a person: headings of many kinds, names, roles, and what is refused before anybody is asked."""

import io
import zipfile
from pathlib import Path

import pytest

from core.users import roster_template
from core.users.roster_limits import Unusable
from core.users.roster_reading import Entry, entries_of
from core.users.roster_tables import read, read_many


def people(text: str, name: str = "list.csv") -> list[Entry]:
    return entries_of(read(text.encode(), name))


def refused(text: str) -> list[str | None]:
    return [str(entry.refusal["code"]) if entry.refusal else None for entry in people(text)]


def unusable(text: str) -> str:
    with pytest.raises(Unusable) as error:
        people(text)
    return error.value.code


@pytest.mark.parametrize(
    "heading",
    [
        "姓名,学号,电子邮箱,用户名,身份,行政班",
        "名字,编号,邮箱,账号,角色,班级",
        "姓名*,学号（必填）,邮箱地址,登录名,人员类型,所在班级",
        "Full Name,SIS ID,E-mail,User name,Role,Class",
        "displayName,sourcedId,Email,username,role,class",
        "Name,Student Number,Email Address,Login,User Type,Homeroom",
    ],
)
def test_headings_of_many_kinds_mean_the_same(heading: str) -> None:
    (entry,) = people(f"{heading}\n王小明,007,Wang@Example.CN,WangXM,学生,软件1班\n")
    assert entry.refusal is None
    assert entry.values == {
        "name": "王小明",
        "external_id": "007",
        "email": "wang@example.cn",
        "username": "wangxm",
        "role": "student",
        "class_name": "软件1班",
    }


def test_a_title_above_the_heading_and_unknown_columns_are_passed_over() -> None:
    (entry,) = people("2026级新生名单,,\n制表：教务处,,\n序号,姓名,学号\n1,王小明,007\n")
    assert (entry.number, entry.values["external_id"]) == (4, "007")


@pytest.mark.parametrize(
    ("row", "name"),
    [
        ("Ora,Christopher,Klein", "Ora Christopher Klein"),
        ("Craig,,Beane", "Craig Beane"),
        ("娜娜,,欧阳", "欧阳娜娜"),
        ("小明,,王", "王小明"),
        ("Cher,,", "Cher"),
    ],
)
def test_names_in_parts_are_joined_as_their_language_says_them(row: str, name: str) -> None:
    (entry,) = people(f"First Name,Middle Name,Last Name,SIS ID\n{row},1\n")
    assert entry.values["name"] == name


@pytest.mark.parametrize(
    ("role", "meant"),
    [("学生", "student"), ("教师", "instructor"), ("Teacher", "instructor"), ("STUDENT", "student"), ("", "")],
)
def test_roles_in_both_languages(role: str, meant: str) -> None:
    (entry,) = people(f"姓名,学号,角色\n王,1,{role}\n")
    assert (entry.refusal, entry.values["role"]) == (None, meant)


@pytest.mark.parametrize(
    ("row", "code"),
    [
        (",1,,,", "row_name_missing"),
        ("王,,,,", "row_login_missing"),
        ("王,1,nobody,,", "row_email"),
        ("王,1,,a b,", "row_username"),
        ("王,1,,,校长", "row_role_unknown"),
        ("王,1,,,管理员", "row_role_administrator"),
        ("王,1,,,Administrator", "row_role_administrator"),
        (f"{'王' * 81},1,,,", "row_long"),
        (f"王,{'1' * 65},,,", "row_long"),
        ("王\0,1,,,", "row_character"),
        ('"=HYPERLINK(""http://evil.example"")",1,,,', "row_formula"),
        ("王,2.02601E+11,,,", "row_shortened"),
        ('王,"1\n2\n3\n4",,,', "row_quotes"),
    ],
)
def test_what_a_row_cannot_say_is_refused_before_anything_is_asked(row: str, code: str) -> None:
    assert refused(f"姓名,学号,邮箱,用户名,角色\n{row}\n李,9,,,\n") == [code, None]


def test_bytes_that_are_no_text_are_refused_with_their_row() -> None:
    data = "姓名,学号\n王小明,1\n李小红,2\n赵小刚,3\n".encode().replace("李".encode(), b"\xe6\x9d")
    entries = entries_of(read(data, "list.csv"))
    assert [(entry.number, entry.refusal and entry.refusal["code"]) for entry in entries] == [
        (2, None),
        (3, "row_encoding"),
        (4, None),
    ]


def test_the_second_of_two_rows_is_refused_and_names_the_first() -> None:
    entries = people("姓名,学号,邮箱\n王,1,a@b.cn\n李,2,A@b.cn\n赵,1,\n孙,3,\n")
    assert [entry.refusal is None for entry in entries] == [True, False, False, True]
    assert [entry.refusal["params"]["row"] for entry in entries if entry.refusal] == [2, 2]  # type: ignore[index]


def test_passwords_are_read_by_nobody() -> None:
    (entry,) = people("Name,SIS ID,Password,密码\nA,1,s3cret-one,s3cret-two\n")
    assert "s3cret" not in repr(entry)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("姓名,学号\n", "file_heading_only"),
        ("王小明,1\n李,2\n", "file_heading_missing"),
        ("just a sentence\nand another\n", "file_heading_missing"),
        ("SIS ID,Name,School Number\n1,Contoso,1\n", "file_about_other_things"),
        ("Section SIS ID,SIS ID\n1,2\n", "file_about_other_things"),
    ],
)
def test_files_without_people_say_so(text: str, code: str) -> None:
    assert unusable(text) == code


@pytest.mark.parametrize("make", [roster_template.as_csv, roster_template.as_xlsx])
def test_the_template_is_understood_and_its_example_left_out(app: object, make: object) -> None:
    data = make()  # type: ignore[operator]
    with pytest.raises(Unusable, match="file_heading_only"):
        entries_of(read(data, "template"))


# ------------------------------------------------------------------------------- Microsoft School Data Sync, real files


@pytest.fixture
def sds(samples: Path) -> Path:
    folder = samples / "roster-csv"
    if not folder.is_dir():
        pytest.skip("the samples hold no rosters")
    return folder


def whole(folder: Path) -> list[Entry]:
    files = sorted(folder.glob("*.csv"))
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for file in files:
            archive.write(file, f"{folder.name}/{file.name}")
    zipped = entries_of(read(buffer.getvalue(), "roster.zip"))
    assert zipped == entries_of(read_many([(file.name, file.read_bytes()) for file in files]))
    return zipped


def test_sds_as_a_whole(sds: Path) -> None:
    entries = whole(sds / "SDS Format" / "25 Users")
    assert [entry for entry in entries if entry.refusal] == []
    assert [sum(entry.values["role"] == role for entry in entries) for role in ("student", "instructor")] == [22, 2]
    ora = entries[0].values
    assert (ora["name"], ora["external_id"], ora["username"]) == ("Ora Christopher Klein", "13001", "oklein")
    assert ora["class_name"].startswith("Math - Algebra 1")
    assert "P@ss" not in repr(entries)


def test_sds_second_version_as_a_whole(sds: Path) -> None:
    entries = whole(sds / "SDS v2")
    assert len(entries) == 29
    assert [entry for entry in entries if entry.refusal] == []
    assert entries[0].values["email"] == "oklein@classrmtest31.org"
    assert {entry.values["role"] for entry in entries} == {"student", "instructor"}


@pytest.mark.parametrize(
    ("file", "count", "role"),
    [
        ("SDS Format/25 Users/Student.csv", 22, {"student"}),
        ("SDS Format/25 Users/Teacher.csv", 2, {"instructor"}),
        ("SDS v2/users.csv", 29, {"student", "instructor"}),
    ],
)
def test_a_single_file_of_sds_works_alone(sds: Path, file: str, count: int, role: set[str]) -> None:
    entries = entries_of(read((sds / file).read_bytes(), Path(file).name))
    assert (len(entries), {entry.values["role"] for entry in entries}) == (count, role)
