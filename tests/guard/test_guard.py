"""Nothing of two dozen planted secrets and names survives, and ordinary reports stay as they are."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.guard import Guarded, Kind, Known, Replaced, guard, key_of
from bot.render import markdown

LETTERS = "aB3dE5fG7hJ9kL1mN2pQ4rS6tU8vW0xYzAbCdEf"
HEX = "0123456789abcdef"
KEY = (
    "-----BEGIN RSA PRIVATE KEY-----\nMIIEowIBAAKCAQEA7bq3\nzX81aMs9fFqkTQ==\n"
    "-----END RSA PRIVATE KEY-----"
)
SECRETS = {
    "a bot's token of Slack": "xoxb-" + "123456789012-1234567890123-" + LETTERS[:24],
    "a webhook of Slack": "https://hooks.slack.com/" + "services/T0ABCDEF/B0ABCDEF/" + LETTERS[:24],
    "a token of GitHub": "ghp_" + LETTERS[:36],
    "a fine-grained token": "github_pat_" + "11ABCDEFG0" + LETTERS[:30] + "_" + LETTERS,
    "a token of GitLab": "glpat-" + LETTERS[:20],
    "a key of AWS": "AKIA" + "IOSFODNN7EXAMPL2",
    "a JWT": "eyJhbGciOiJIUzI1NiJ9." + "eyJzdWIiOiIxMjM0NTY3ODkwIn0." + LETTERS,
    "a key of Google": "AIza" + LETTERS[:35],
    "a key of OpenAI": "sk-" + "proj-" + LETTERS,
    "a key of Stripe": "sk_live_" + LETTERS[:24],
    "a key of SendGrid": "SG." + LETTERS[:22] + "." + (LETTERS + LETTERS)[:43],
    "a token of npm": "npm_" + LETTERS[:36],
    "a token of PyPI": "pypi-" + "AgEIcHlwaS5vcmc" + LETTERS + LETTERS,
    "a token of JupyterHub": "3f2504e04f8941d39a0c0305e82c3301",
    "the proxy's secret": (HEX * 4)[5:] + "7f2a1",
    "a secret key of AWS": "wJalrXUtnFEMI/K7MDENG/" + "bPxRfiCYEXAMPLEKEY",
    "a random word": "Zk3Vt9QpL7xWm2RbN8cYh4JdSf6GaTe1",
}
IN_PLACE = {
    "API_TOKEN=hunter2secret": "hunter2secret",
    "password: correct-horse-battery": "correct-horse-battery",
    "Authorization: Bearer abcDEF123456ghiJKL": "abcDEF123456ghiJKL",
    "postgresql://hub:s3cr3tpw@db.example.edu/hub": "s3cr3tpw",
    "The password is hunter2.": "hunter2",
    "The password for the grader is “swordfish”": "swordfish",
    "helm upgrade --set x --password tr0ub4dor": "tr0ub4dor",
    "https://hub.example.edu/hub/login?token=0a1b2c3d4e": "0a1b2c3d4e",
    "curl -u admin:hunter2pass https://x.example.edu": "hunter2pass",
    "mysql -pS3cretpw hub": "S3cretpw",
    "export GITHUB_PAT=abc123xyz789": "abc123xyz789",
    "-----BEGIN PGP PRIVATE KEY BLOCK-----\nlQOYBF2xyz\n-----END PGP PRIVATE KEY BLOCK-----": "lQOYBF",
    "Cookie: jupyterhub-session-id=5d41402abc4b": "5d41402abc4b",
}
SERVED = frozenset(
    {
        "ana.ortiz@berkeley.edu",
        "zhang_wei",
        "maria-lopez",
        "s1234567",
        "Kwame",
        "will",
        "josé.garcía",
    }
)
KNOWN = Known(served=SERVED, team=frozenset({"Yuvi Panda"}), patterns=(r"\b30\d{8}\b",))
NAMES = {
    "ana.ortiz@berkeley.edu": "ana.ortiz",
    "the pod jupyter-ana-2eortiz-40berkeley-2eedu is pending": "ortiz",
    "jupyter-ana-ortiz-berkeley-edu---1a2b3c4d was evicted": "ortiz",
    "jupyter-ana-ortiz-berkeley-edu--gpu---1a2b3c4d": "ortiz",
    "claim-zhang-5fwei is full": "zhang",
    "zhang_wei's server": "zhang",
    "MARIA-LOPEZ can't log in": "LOPEZ",
    "see https://hub.example.edu/user/maria-lopez/tree": "lopez",
    "see https://hub.example.edu/user/somebody.else%40x.edu/lab": "somebody",
    "user Kwame": "Kwame",
    "see /hub/admin#/users/new.student": "new.student",
    r"zhang\\_wei in a log": "wei",
    "jose\u0301.garci\u0301a logged in": "garc",
    "ec2-54-1-2-3.compute-1.amazonaws.com": "54-1-2-3",
    "ana.ortiz+course8@berkeley.edu": "ana.ortiz",
    "first.last+tag@sub.dept.example.ac.uk": "first.last",
    "[2607:f140:0:81::f]:443": "f140",
    "fe80::1%eth0 is down": "fe80::1",
    "::ffff:10.1.2.3": "10.1.2.3",
    "`s1234567`": "s1234567",
    "the student with id 3034567890": "3034567890",
    "jupyter-unknown-person is OOMKilled": "unknown-person",
    "pod jupyter-will restarted": "jupyter-will",
    "mail oliver@stanford.edu about it": "oliver",
    "10.12.5.36:10254 refused": "10.12.5.36",
    "2607:f140:0:81::f is down": "2607:f140",
    "hub.prod.svc.cluster.local:8081": "prod.svc",
    "http://nfs-server:2049/": "nfs-server",
    "ip-10-0-12-34.us-west-2.compute.internal": "10-0-12-34",
    "vault.corp.internal": "vault",
}
ORDINARY = (
    """# Proxy evicted, 2017-02-24

At 16:06:12 the hub's proxy was evicted from gke-prod-a-default-pool-6ab3d8ec-0h28 (see
[the log](https://github.com/berkeley-dsep-infra/datahub/commit/3f2504e04f8941d39a0c0305e82c33011a2b3c4d)).

| 16:16 - 16:49 | Kubernetes 1.5.2.1, chart 0.9.0-n113.h8b6d8d2, z2jh v3.3.7 |
| ~16:06 | `hub/jupyterhub_config.py`, `values.yaml`, jupyter-server-proxy 4.1.0, jupyter-resource-usage |

Commit 3f2504e04f8941d39a0c0305e82c33011a2b3c4d reverted image `datahub@sha256:"""
    + HEX * 4
    + """`.
We will restart; there was no secret to it. The token had expired. Passwords were not affected.
The password is stored in Vault. `threading.local`, `std::vector`, 127.0.0.1, a::b, 12:30:15.
<https://docs.google.com/document/d/1AbCdEfGhIjKlMnOpQrStUvWxYz0123456789abcdEF/edit>
Ping @yuvipanda · [#1234](https://github.com/x/y/issues/1234) · C0ABCDEF · p1700000000123456
<!-- mayday:incident=inc_01HF2Z3M4N5P6Q7R8S9T0V;item=it_01HF2Z3M4N5P6Q7R8S9T0V -->
"""
)


def shown(text: str, known: Known = KNOWN) -> str:
    return guard({"report": text}, known).texts["report"]


def remembered(guarded: Guarded) -> Known:
    return Known(served=KNOWN.served, patterns=KNOWN.patterns, replaced=guarded.replaced)


@pytest.mark.parametrize("name", SECRETS)
@pytest.mark.parametrize("form", ["it was {}, sorry", "`{}`", "{}", "x={}\n", "<li>{}</li>"])
def test_no_credential_survives(name: str, form: str) -> None:
    assert SECRETS[name] not in shown(form.format(SECRETS[name]))
    written = markdown.neutral(form.format(SECRETS[name]))
    assert markdown.literal(SECRETS[name]) not in shown(written)
    assert SECRETS[name][-12:] not in shown(written).replace("\\", "")


@pytest.mark.parametrize("text", IN_PLACE)
def test_no_credential_survives_in_its_place(text: str) -> None:
    assert IN_PLACE[text] not in shown(text)
    assert IN_PLACE[text] not in shown(markdown.neutral(text))


def test_no_private_key_survives() -> None:
    text = shown(f"It said\n```\n{KEY}\n```\nthen stopped")
    assert "MIIE" not in text
    assert "zX81" not in text
    assert text.endswith("then stopped")


@pytest.mark.parametrize("text", NAMES)
def test_no_name_and_no_address_survives(text: str) -> None:
    assert NAMES[text] not in shown(text)
    assert NAMES[text] not in shown(markdown.neutral(text)).replace("\\", "").replace("\u200b", "")


def test_an_ordinary_report_stays_as_it_is() -> None:
    guarded = guard({"report": ORDINARY}, KNOWN)
    assert guarded.texts["report"] == ORDINARY
    assert not guarded.replaced


def test_one_person_has_one_number_in_every_document_and_form() -> None:
    texts = {
        "report": "jupyter-ana-2eortiz-40berkeley-2eedu, then zhang\\_wei",
        "item": "Ask zhang_wei and ana.ortiz about jupyter-ana-ortiz-berkeley-edu---1a2b3c4d",
    }
    guarded = guard(texts, KNOWN)
    assert guarded.texts == {
        "report": "jupyter-student-1, then student-2",
        "item": "Ask student-2 and student-1 about jupyter-student-1",
    }
    assert guarded.places["zhang_wei"] == {"report": 1, "item": 1}


def test_numbers_stay_in_later_publications() -> None:
    first = guard({"report": "zhang_wei"}, KNOWN)
    later = guard({"report": "s1234567, zhang_wei"}, remembered(first))
    assert later.texts["report"] == "student-2, student-1"


def test_a_text_with_such_a_word_gets_another_number() -> None:
    assert shown("student-1 met zhang_wei") == "student-1 met student-2"
    known = Known(served=frozenset({"student-1", "zhang_wei"}))
    assert "student-1" not in shown("`student-1` met zhang_wei", known).split()[0]


def test_guarded_text_is_not_replaced_again() -> None:
    text = "\n".join([*NAMES, *SECRETS.values(), *IN_PLACE])
    guarded = guard({"report": text}, KNOWN)
    assert guard(guarded.texts, remembered(guarded)).texts == guarded.texts


def test_a_person_keeps_a_name_but_no_credential() -> None:
    text = f"zhang_wei at 10.0.0.7 used {SECRETS['a token of GitHub']}"
    first = guard({"report": text}, KNOWN)
    kept = {
        key: Replaced(key=key, kind=one.kind, shown=one.shown, kept_by="U0ANA")
        for key, one in first.replaced.items()
    }
    again = guard({"report": text}, Known(served=SERVED, replaced=kept))
    assert again.texts["report"] == "zhang_wei at 10.0.0.7 used secret-1"
    assert again.replaced["zhang_wei"].kept_by == "U0ANA"


def test_a_credential_is_remembered_by_its_hash() -> None:
    token = SECRETS["a token of GitHub"]
    guarded = guard({"report": token}, KNOWN)
    assert token not in repr(guarded)
    assert list(guarded.replaced) == [key_of(Kind.SECRET, token)]


def test_what_is_public_stays() -> None:
    known = Known(public=frozenset({"10.0.0.7", "status.corp.internal"}))
    text = "10.0.0.7 and status.corp.internal"
    assert shown(text, known) == text


def test_people_of_the_team_are_not_replaced() -> None:
    known = Known(served=frozenset({"yuvipanda"}), team=frozenset({"YuviPanda"}))
    assert shown("yuvipanda restarted jupyter-yuvipanda", known) == (
        "yuvipanda restarted jupyter-student-1"
    )


PLANTED = st.sampled_from([*SECRETS.values(), "zhang_wei", "ana.ortiz@berkeley.edu", "10.12.5.36"])
PROSE = st.text(alphabet=string.ascii_letters + " .,;:!?()[]{}<>|`*_~#-\n\"'&@/\\", max_size=60)


@given(st.lists(st.tuples(PROSE, PLANTED), min_size=1, max_size=4), PROSE)
def test_nothing_planted_survives_in_any_text(parts: list[tuple[str, str]], end: str) -> None:
    text = "".join(f"{prose} {planted} " for prose, planted in parts) + end
    guarded = guard({"raw": text, "written": markdown.neutral(text)}, KNOWN)
    for name, result in guarded.texts.items():
        plain = result.replace("\\", "").replace("\u200b", "")
        for _, planted in parts:
            assert planted not in plain, name


@given(st.text(max_size=300))
def test_any_text_is_read(text: str) -> None:
    guarded = guard({"report": text}, Known())
    if not guarded.replaced:
        assert guarded.texts["report"] == text
