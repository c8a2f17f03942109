"""What goes wrong in a property's files is told at once, a sentence a mistake: file, field, remedy."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from concierge_core.domain.knowledge import Origin
from concierge_core.errors import TenantFileError
from concierge_core.tenant.loader import load_tenant_files

TENANT = """\
apiVersion: concierge.hotel/v1alpha1
kind: ConciergeTenant
metadata:
  name: seaside
spec:
  property:
    code: seaside
    name: Seaside
    address: {street: Pier 1, city: Cove, country: GB}
    timezone: Europe/London
    languages: [en, de]
"""
ARTICLE = """\
- slug: breakfast-hours
  validFrom: 2026-05-01
  text:
    en: {question: When is breakfast?, alsoAsked: [breakfast times], answer: From 7:00 to 10:30.}
"""


def indented(text: str, spaces: int) -> str:
    return "".join(" " * spaces + line for line in text.splitlines(keepends=True))


def config_map(name: str, articles: str = ARTICLE) -> str:
    return (
        f"---\nkind: ConfigMap\napiVersion: v1\nmetadata: {{name: {name}}}\ndata:\n  a.yaml: |\n{indented(articles, 4)}"
    )


JUNK = (
    *(b": ", b"- ", b"\n", b"[", b"{", b"? ", b"&a ", b"*a", b"<<: ", b"| \n", b"%", b"null", b"\n---\n", b"\t"),
    *(b"!!set ", b"!!int ", b"!!binary ", b"!!omap ", b"!!pairs ", b"!x ", b"!!timestamp 2026-99-99", b"!!float x"),
    *(b"\x00", b"\xff", b"9" * 5000, b"\xc2\x85", b"\xe2\x80\xa8", b".nan", b".inf"),
)
WITH_MAP = TENANT + "  knowledge:\n    configMaps: [{name: facts}]\n"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "seaside.yaml"


def complaint(file: Path, text: str | bytes) -> str:
    file.write_bytes(text.encode() if isinstance(text, str) else text)
    with pytest.raises(TenantFileError) as caught:
        load_tenant_files([file])
    sentence = str(caught.value)
    assert sentence.startswith(str(file)), sentence
    assert "\n" not in sentence
    return sentence.removeprefix(str(file))


def test_a_property_with_inline_knowledge_is_loaded(file: Path) -> None:
    file.write_text(TENANT + "  knowledge:\n    articles:\n" + indented(ARTICLE, 6))
    (loaded,) = load_tenant_files([file])
    assert loaded.tenant.spec.property.name == "Seaside"
    assert loaded.source == file
    (article,) = loaded.articles
    assert article.origin is Origin.DECLARED
    assert article.texts["en"].also_asked == ("breakfast times",)
    assert str(article.valid_from) == "2026-05-01"


def test_a_config_map_in_the_same_file_is_found(file: Path) -> None:
    file.write_text(WITH_MAP + config_map("facts"))
    assert [article.slug for article in load_tenant_files([file])[0].articles] == ["breakfast-hours"]


def test_a_config_map_in_a_file_beside_it_is_found_even_if_another_file_there_is_broken(file: Path) -> None:
    file.write_text(WITH_MAP)
    (file.parent / "a-broken.yaml").write_text("{[")
    (file.parent / "knowledge.yml").write_text(config_map("other") + config_map("facts"))
    assert len(load_tenant_files([file])[0].articles) == 1


def test_a_folder_gives_every_property_in_it(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(TENANT)
    (tmp_path / "b.yaml").write_text(TENANT.replace("code: seaside", "code: lakeside"))
    (tmp_path / "c.yaml").write_text(config_map("facts"))
    codes = [loaded.tenant.spec.property.code for loaded in load_tenant_files([tmp_path])]
    assert codes == ["seaside", "lakeside"]


def test_the_same_article_keeps_id_and_hash_and_a_changed_one_only_its_id(file: Path) -> None:
    file.write_text(WITH_MAP + config_map("facts"))
    first, again = (load_tenant_files([file])[0].articles[0] for _ in range(2))
    file.write_text(WITH_MAP + config_map("facts", ARTICLE.replace("10:30", "11:00")))
    changed = load_tenant_files([file])[0].articles[0]
    assert (first.id, first.content_hash) == (again.id, again.content_hash)
    assert first.id == changed.id
    assert first.content_hash != changed.content_hash


def test_norwegian_is_a_language_and_a_bare_time_is_a_time(file: Path) -> None:
    file.write_text(TENANT.replace("[en, de]", "[no, en]") + "    checkIn: 16:30\n  chat: {greeting: {no: Hei}}\n")
    spec = load_tenant_files([file])[0].tenant.spec
    assert spec.property.languages == ["no", "en"]
    assert spec.property.check_in == "16:30"
    assert spec.chat.greeting == {"no": "Hei"}


def test_what_the_api_server_adds_is_passed_over(file: Path) -> None:
    file.write_text(TENANT.replace("name: seaside\nspec", "name: seaside\n  uid: 1-2\nstatus: {ready: true}\nspec"))
    assert load_tenant_files([file])[0].tenant.metadata.name == "seaside"


@pytest.mark.parametrize(
    ("extra", "expected"),
    [
        ("    checkin: x\n", ', line 12: spec.property.checkin: there is no such field; did you mean "checkIn"?'),
        ("    check_in: x\n", ', line 12: spec.property.check_in: there is no such field; did you mean "checkIn"?'),
        ("    emergencyNumber: 112\n", ', line 12: spec.property.emergencyNumber: must be a text; put it in quotes.'),
        ("    phone: +493055501234\n", ', line 12: spec.property.phone: must be a text; put it in quotes.'),
        ("    phone: 030 555\n", ', line 12: spec.property.phone: "030 555" must be an international number with + and'
         ' country code, such as "+49 30 5550 1234".'),
        ("    rooms: '12'\n", ', line 12: spec.property.rooms: must be a whole number without quotes, not "12".'),
        ("    rooms: 0\n", ", line 12: spec.property.rooms: is 0; it must be at least 1."),
        ("    branding:\n", ", line 12: spec.property.branding: is empty; give it a value or take the line out."),
        ("    website: www.sea.example\n", ', line 12: spec.property.website: "www.sea.example" must be a web address'
         " that starts with https:// or http://."),
        ("  chat: {handoff: {fallbackDepartment: spa}}\n", ', line 12: spec.chat.handoff.fallbackDepartment: names the'
         ' department "spa", which property.departments lacks; known: front-desk, housekeeping, maintenance,'
         " food-and-beverage."),
        ("  chat: {greeting: {de: Hallo}}\n",
         ', line 12: spec.chat.greeting: has no text for the default language "en";'
         " add one."),
        ("  voice: {enabled: yes}\n", ', line 12: spec.voice.enabled: must be true or false, not "yes".'),
        ("  voice: {enabled: true}\n", ", line 12: spec.voice.twilio: is missing, but voice is enabled; add accountSid,"
         " authTokenSecret and number, or set enabled: false."),
        ("  voice: {mode: rely}\n", ', line 12: spec.voice.mode: "rely" is not possible here; did you mean "relay"?'),
        ("  ai: {escalation: {minConfidence: 2}}\n", ", line 12: spec.ai.escalation.minConfidence: is 2; it must be at"
         " most 1."),
        ("  knowledge: {articles: [{slug: a-b, text: {en: {question: Why?}}}]}\n", ", line 12:"
         " spec.knowledge.articles[0].text.en.answer: is missing; add it: The answer, complete in itself, 2 to 4000"
         " characters of plain text."),
        ("  knowledge: {articles: [{slug: A_b, text: {en: {question: Why?, answer: So.}}}]}\n",
         ', line 12: spec.knowledge.articles[0].slug: "A_b" does'
         " not have the right form: Stable name, unique in the property: lower-case words with dashes, such as"
         ' "breakfast-hours"; at most 80.'),
        ("  knowledge: {configMaps: [{name: facts}]}\n",
         ', line 12: spec.knowledge.configMaps[0]: there is no ConfigMap'
         ' "facts" in this file or in a .yaml file beside it; add it or take the line out.'),
        ("  profile: tiny\n",
         ', line 12: spec.profile: "tiny" is not possible here; known here: dedicated, compact.'),
    ],
)  # fmt: skip
def test_each_mistake_gets_its_sentence(file: Path, extra: str, expected: str) -> None:
    assert complaint(file, TENANT + extra) == expected


def test_a_missing_field_says_what_it_means(file: Path) -> None:
    assert complaint(file, TENANT.replace("    timezone: Europe/London\n", "")) == (
        ', line 6: spec.property.timezone: is missing; add it: IANA time zone, such as "Europe/Berlin"; all local'
        " times of this file are in it."
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ": is empty; write a ConciergeTenant into it (see manifests/minimal.yaml)."),
        ("# nothing yet\n", ": holds no ConciergeTenant but nothing; name the file that has one."),
        ("a: [1\nb: 2\n", ", line 2: is not valid YAML ("),
        ("a: 1\na: 2\n", ', line 2: the name "a" appears twice in this section; keep one of them.'),
        ("a:\n\tb: 1\n", ", line 2: is indented with a tab, which YAML does not allow; use spaces."),
        (TENANT.encode("utf-16"), ": is UTF-16 text; save the file in UTF-8."),
        ("a: &x [1]\nb: *x\n", ", line 2: uses the YAML alias *x, which is not allowed; write the value out."),
        ("[" * 60 + "]" * 60, ", line 1: is nested more than 40 levels deep; check the brackets."),
        ("a: \x07\n", ", line 1: holds a control character, which YAML does not allow; delete it."),
        ("<<: 1\n", ", line 1: kind is missing; begin the document with kind: ConciergeTenant."),
        (b"a: 1\nb: caf\xe9\n", ", line 2: is not UTF-8 text; save the file in UTF-8."),
        (b"a: " + b"x" * 6_000_000, ": has 5.7 MB, and at most 5 MB are read; move knowledge into more files."),
        ("- a\n", ", line 1: kind is missing; begin the document with kind: ConciergeTenant."),
        ("kind: ConciergTenant\n", ', line 1: kind "ConciergTenant" is unknown; write ConciergeTenant.'),
        ("kind: Deployment\n", ": holds no ConciergeTenant but Deployment; name the file that has one."),
        ("kind: conciergetenant\n", ', line 1: kind "conciergetenant" is unknown; write ConciergeTenant.'),
        ("kind: ConciergeTenant\n", ", line 1: apiVersion must be concierge.hotel/v1alpha1; write that."),
        ("a: !!python/object/apply:os.system [x]\n",
         ", line 1: uses the YAML tag tag:yaml.org,2002:python/object/apply:os.system, which is not allowed;"),
    ],
)  # fmt: skip
def test_unusable_files_are_refused(file: Path, text: str | bytes, expected: str) -> None:
    assert complaint(file, text).startswith(expected)


@pytest.mark.parametrize(
    ("articles", "expected"),
    [
        (ARTICLE.replace("answer", "anwser"),
         ', line 23: [0].text.en.anwser: there is no such field; did you mean "answer"?'),
        (ARTICLE + ARTICLE, ', line 24: [1].slug: "breakfast-hours" is already the slug of an article ('),
        (ARTICLE + "  department: spa\n", ', line 20: [0].department: the property has no department "spa"; known'
         " here: front-desk, housekeeping, maintenance, food-and-beverage."),
        ("- slug: [\n", ", line 21: is not valid YAML ("),
        ("slug: x\n", ': must be a YAML list of articles; begin each with "- slug: …".'),
    ],
)  # fmt: skip
def test_a_mistake_in_a_config_map_is_found_at_its_line(file: Path, articles: str, expected: str) -> None:
    text = WITH_MAP + config_map("facts", articles)
    assert complaint(file, text).startswith(', ConfigMap "facts", data.a.yaml' + expected)


def test_a_config_map_without_text_is_refused(file: Path) -> None:
    text = WITH_MAP + "---\nkind: ConfigMap\nmetadata: {name: facts}\ndata: {a: [1]}\n"
    assert complaint(file, text) == (
        ', ConfigMap "facts", data.a: must be a text; write | after the key and indent the articles below it.'
    )


def test_two_properties_with_one_code_are_refused(file: Path) -> None:
    other = file.parent / "other.yaml"
    file.write_text(TENANT)
    other.write_text(TENANT)
    with pytest.raises(TenantFileError, match=r'other\.yaml: spec\.property\.code: "seaside" is already the code of'):
        load_tenant_files([file, other])


def refused(*files: Path) -> list[str]:
    with pytest.raises(TenantFileError) as caught:
        load_tenant_files(list(files))
    return str(caught.value).splitlines()


def test_all_mistakes_of_a_file_are_told_in_its_order(file: Path) -> None:
    file.write_text(
        TENANT.replace("languages: [en, de]", "languages: [en, xx]").replace("    name: Seaside\n", "")
        + "    checkin: 15:00\n"
        + "  chat: {greeting: {en: Hello}, handoff: {hours: {daily: [7-22]}}}\n"
        + "  voice: {mode: rely, silenceSeconds: soon}\n"
        + "  knowledge: {configMaps: [{name: facts}, {name: gone}]}\n"
        + config_map("facts", ARTICLE.replace("en:", "english:") + ARTICLE.replace("answer", "anwser"))
    )

    told = [line.removeprefix(str(file)).partition(";")[0] for line in refused(file)]

    assert told == [
        ", line 6: spec.property.name: is missing",
        ', line 10: spec.property.languages[1]: "xx" is not a language',
        ", line 11: spec.property.checkin: there is no such field",
        ', line 12: spec.chat.handoff.hours.daily[0]: "7-22" must be opening hours as "HH:MM-HH:MM", such as'
        ' "07:00-22:30" or "18:00-02:00".',
        ', line 13: spec.voice.mode: "rely" is not possible here',
        ', line 13: spec.voice.silenceSeconds: must be a whole number without quotes, not "soon".',
        ', ConfigMap "facts", data.a.yaml, line 24: [0].text.english: "english" is not a language',
        ', ConfigMap "facts", data.a.yaml, line 28: [1].text.en.anwser: there is no such field',
        ', line 14: spec.knowledge.configMaps[1]: there is no ConfigMap "gone" in this file or in a .yaml file'
        " beside it",
    ]


def test_rules_between_fields_are_told_together(file: Path) -> None:
    file.write_text(TENANT + "  chat: {greeting: {de: Hallo}, handoff: {fallbackDepartment: spa}}\n")

    assert [line.split(": ")[1] for line in refused(file)] == [
        "spec.chat.handoff.fallbackDepartment", "spec.chat.greeting",
    ]  # fmt: skip


def test_no_more_than_ten_mistakes_are_told_and_how_many_more_there_are(file: Path) -> None:
    file.write_text(TENANT + "".join(f"    unheardOf{number}: 1\n" for number in range(23)))

    told = refused(file)

    assert len(told) == 11
    assert told[-1] == "… and 13 more mistakes after these."


def test_the_mistakes_of_all_files_are_told(file: Path) -> None:
    other = file.parent / "other.yaml"
    file.write_text(TENANT.replace("Europe/London", "Europe/Londn"))
    other.write_text("kind: [")

    assert [line.partition(",")[0] for line in refused(file, other)] == [str(file), str(other)]


def test_articles_of_one_name_and_of_no_department_are_all_told(file: Path) -> None:
    file.write_text(
        WITH_MAP + config_map("facts", ARTICLE + ARTICLE + ARTICLE.replace("hours", "x") + "  department: spa\n")
    )

    assert [line.split(": ")[1] for line in refused(file)] == ["[1].slug", "[2].department"]


def test_what_cannot_be_read_to_its_end_is_refused() -> None:
    assert refused(Path("/dev/zero")) == [
        "/dev/zero: has 5.0 MB, and at most 5 MB are read; move knowledge into more files."
    ]
    assert refused(Path("/proc/self/mem")) == [
        "/proc/self/mem: cannot be read (Input/output error); check its permissions."
    ]


def test_a_missing_file_and_an_empty_folder_are_named(tmp_path: Path) -> None:
    with pytest.raises(TenantFileError, match=r"nowhere\.yaml: there is no such file; check the path\."):
        load_tenant_files([tmp_path / "nowhere.yaml"])
    with pytest.raises(TenantFileError, match=r"is a folder without \.yaml files"):
        load_tenant_files([tmp_path])


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_a_damaged_file_is_loaded_or_refused_in_sentences_but_never_breaks_us(data: st.DataObject) -> None:
    whole = (WITH_MAP + config_map("facts")).encode()
    start = data.draw(st.integers(0, len(whole)))
    length = data.draw(st.integers(0, 40))
    junk = data.draw(st.one_of(st.binary(max_size=6), st.sampled_from(JUNK)))
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "damaged.yaml"
        file.write_bytes(whole[:start] + junk + whole[start + length :])
        sentence = _refusal(file)
        assert sentence is None or (all(line.startswith((str(file), "… and ")) for line in sentence.splitlines()))


def _refusal(file: Path) -> str | None:
    try:
        load_tenant_files([file])
    except TenantFileError as error:
        return str(error)
    return None
