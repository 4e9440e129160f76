from __future__ import annotations

from pathlib import Path

import django
import pytest
from checks_support import Site
from storage_support import Remote, RemoteFinder

from dj_cloudfront.checks import templates

DJANGO = "django.template.backends.django.DjangoTemplates"


@pytest.fixture
def site(tmp_path):
    return Site(tmp_path)


@pytest.fixture
def template(site):
    """Write a template; gives its path."""
    return lambda text, name="page.html": _written(
        site.folder / "templates" / name, text
    )


@pytest.fixture
def script(site):
    """Write a static file; gives its path."""
    return lambda text, name="main.js": _written(site.folder / "assets" / name, text)


def _written(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")
    return path


def places(site):
    engine = {"BACKEND": DJANGO, "DIRS": [site.folder / "templates"], "APP_DIRS": True}
    return {"TEMPLATES": [engine], "STATICFILES_DIRS": [site.folder / "assets"]}


SPRITES = [
    """<svg><use href="{% static 'sprite.svg' %}#globe"></use></svg>""",
    """<use class=a xlink:href='{%static "sprite.svg"%}#globe'/>""",
    """<USE\n  width="9"\n  HREF = {% static 'sprite.svg' %}#globe>""",
    """<use href="{{ static('sprite.svg') }}#globe">""",
    """<use href="{{ STATIC_URL }}sprite.svg#globe">""",
    """<use href="{% get_static_prefix %}sprite.svg#globe">""",
]
NO_SPRITES = [
    """<use href="#globe">""",
    """<use href="{{ icon }}">""",
    """<img src="{% static 'sprite.svg' %}#globe">""",
    """<user href="{% static 'a' %}">""",
    """<use data-href="{% static 'a' %}" href="#a">""",
    """<use href="#a"><a href="{% static 'a' %}">""",
    """<use href="{% url 'static' %}">""",
]


@pytest.mark.parametrize("text", SPRITES)
def test_a_sprite_is_not_used_across_hosts(site, template, text):
    path = template(f"<p>\n{text}")
    assert site.only("W028", **places(site)).endswith(f"got {path}:2")


@pytest.mark.parametrize("text", NO_SPRITES)
def test_a_sprite_of_the_page_and_a_picture_are_fine(site, template, text):
    template(text)
    assert site.ids(**places(site)) == []


@pytest.mark.parametrize(
    "text",
    [
        """new Worker("{% static 'w.js' %}")""",
        """new SharedWorker( '{% static "w.js" %}', {type: "module"})""",
        """const w = new  Worker(`{{ static("w.js") }}`)""",
    ],
)
def test_a_page_starts_no_worker_of_the_cdn(site, template, text):
    path = template(f"<script>{text}</script>")
    assert site.only("W029", **places(site)).endswith(f"got {path}:1")


@pytest.mark.parametrize(
    "text",
    [
        """new Worker(new URL("./w.js", import.meta.url))""",
        """a=new SharedWorker(new URL("w.js",import.meta.url),{type:"module"})""",
        """new Worker(\n  new URL('w.js', document.currentScript.src)\n)""",
    ],
)
@pytest.mark.parametrize("name", ["js/main.js", "main.mjs"])
def test_a_script_of_the_cdn_starts_no_worker_beside_itself(site, script, text, name):
    path = script(f"//\n//\n{text}", name)
    assert site.only("W029", **places(site)).endswith(f"got {path}:3")


@pytest.mark.parametrize(
    "text",
    [
        """new Worker("/worker.js")""",
        """new Worker(URL.createObjectURL(blob))""",
        """new Worker(new URL("/worker.js", location.origin))""",
        """new URL("data.json", import.meta.url)""",
        """class MyWorker {}; new Workers(new URL("a", import.meta.url))""",
    ],
)
def test_a_worker_of_the_site_itself_is_fine(site, script, template, text):
    script(text)
    template(f"<script>{text}</script>")
    assert site.ids(**places(site)) == []


def test_a_service_worker_is_of_the_site_itself(site, script, template):
    one = template("""navigator.serviceWorker.register("{% static 'sw.js' %}")""")
    two = script(
        """navigator.serviceWorker .register(new URL("sw.js", import.meta.url))"""
    )
    assert site.only("W030", **places(site)).endswith(f"got {one}:1, {two}:1")
    template("""navigator.serviceWorker.register("/sw.js")""")
    script("""navigator.serviceWorker.register("/sw.js")""")
    assert site.ids(**places(site)) == []


def test_many_places_are_named_in_part(site, template):
    for number in range(8):
        template(SPRITES[0], f"page{number}.html")
    assert site.only("W028", **places(site)).endswith("page4.html:1 and 3 more")


@pytest.mark.parametrize(
    ("ending", "patterns"),
    [("html", templates.IN_TEMPLATES), ("js", templates.IN_SCRIPTS)],
)
def test_djangos_own_templates_and_scripts_raise_no_alarm(ending, patterns):
    files = list(Path(django.__file__).parent.rglob(f"*.{ending}"))
    assert len(files) > 50
    assert [
        path
        for path in files
        if list(templates.search(templates.read_text(path), patterns))
    ] == []


# -- what it does not read


def test_it_is_no_business_of_static_files_without_a_cdn_for_them(site, template):
    template(SPRITES[0])
    half = site.other_cdn(names=("", "d222.cloudfront.net"))
    assert site.ids(one_cdn=half, **places(site)) == []


@pytest.mark.parametrize("name", ["notes.txt", "page.html~", "page.py"])
def test_only_templates_and_scripts_are_read(site, template, script, name):
    template(SPRITES[0], name)
    script(SPRITES[0], f"{name}.css")
    assert site.ids(**places(site)) == []


def test_what_cannot_be_read_is_passed_over(site, template, script):
    huge = template(SPRITES[0] + "x" * templates.MOST_BYTES)
    assert site.ids(**places(site)) == []
    huge.unlink()
    huge.symlink_to("nowhere")
    assert site.ids(**places(site)) == []
    path = template("")
    path.write_bytes(b"\xff\xfe" + SPRITES[0].encode())
    assert site.ids(**places(site)) == ["W028"]


def test_it_ends_after_so_many_files(site, template, monkeypatch):
    for number in range(4):
        template(SPRITES[0], f"page{number}.html")
    monkeypatch.setattr(templates, "MOST_FILES", 2)
    assert site.only("W028", **places(site)).count(".html:1") == 2


# -- a host in front, mails


@pytest.mark.parametrize(
    "text",
    [
        """<meta content="https://www.example.com{% static 'x.png' %}">""",
        """<meta content="{{ request.scheme }}://{{ request.get_host }}{% static 'x.png' %}">""",
        """<a href=//example.com:8000{% static "x.png" %}>""",
        """<meta content="http://{{ site }}{{ static('x.png') }}">""",
        """<meta content="{{ SITE }}{{ STATIC_URL }}x.png">""",
    ],
)
def test_no_host_stands_before_the_url(site, template, text):
    path = template(text)
    assert site.only("W037", **places(site)).endswith(f"got {path}:1")


@pytest.mark.parametrize(
    "text",
    [
        """<img src="{% static 'x.png' %}" alt="{{ a }}">{{ b }} {% static 'y' %}""",
        """<img srcset="{% static 'x.png' %} 1x, {% static 'y.png' %} 2x">""",
        """{{ a }}{% url 'x' %}""",
        """<a href="https://example.com/">x</a>{% static 'x.png' %}""",
        """// a comment\n{% static 'x.png' %}""",
        """background: url({% static 'x.png' %})""",
    ],
)
def test_a_url_alone_is_fine(site, template, text):
    template(text)
    assert site.ids(**places(site)) == []


@pytest.mark.parametrize(
    "name",
    [
        *("shop/emails/order.html", "email/base.html", "newsletter/june.html"),
        *("registration/password_reset_email.html", "order.mail.html"),
    ],
)
def test_mails_do_without_static_files(site, template, name):
    path = template("""<img src="{% static 'logo.png' %}">""", name)
    assert site.only("W038", **places(site)).endswith(f"got {path}:1")


@pytest.mark.parametrize("name", ["account/email.html", "account/email_change.html"])
def test_pages_about_addresses_are_no_mails(site, template, name):
    template("""<img src="{% static 'logo.png' %}">""", name)
    assert site.ids(**places(site)) == []


@pytest.mark.parametrize(
    "text", ["<script>start()</script>", "<form>{% csrf_token %}</form>"]
)
@pytest.mark.parametrize("name", ["newsletter/subscribe.html", "verify_email.html"])
def test_pages_of_newsletters_and_addresses_are_no_mails(site, template, name, text):
    template(f"""{text}<img src="{{% static 'logo.png' %}}">""", name)
    assert site.ids(**places(site)) == []


def test_a_project_in_a_folder_of_mails_has_pages(site):
    folder = site.folder / "mail" / "templates"
    _written(folder / "page.html", """<img src="{% static 'logo.png' %}">""")
    engine = {"BACKEND": DJANGO, "DIRS": [folder]}
    assert site.ids(TEMPLATES=[engine]) == []


# -- scripts on no disk


class Unreadable(Remote):
    files = {"gen/app.js": b""}

    def _open(self, name, mode="rb"):
        raise NotImplementedError


class WorkerFinder(RemoteFinder):
    class storage(Remote):
        files = {
            "gen/app.js": b"new Worker(new URL('w.js', import.meta.url))",
            "gen/b.js": b"\xff",
        }


class UnreadableFinder(RemoteFinder):
    storage = Unreadable


def test_scripts_that_are_on_no_disk_are_read_like_others(site):
    finders = ["test_checks_templates.WorkerFinder"]
    assert "gen/app.js in " in site.only("W029", STATICFILES_FINDERS=finders)
    finders = ["test_checks_templates.UnreadableFinder"]
    assert site.ids(STATICFILES_FINDERS=finders) == []
